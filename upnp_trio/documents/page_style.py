"""The style of the built-in page: light and dark, from a phone's width upwards, without anything to load."""

from __future__ import annotations

__all__ = ["LIVE_STYLE", "STYLE"]

STYLE = """
:root { color-scheme: light dark; --ink: #1d2433; --soft: #5b6577; --line: #d9dee7; --back: #f5f7fa; --card: #fff;
  --link: #0b5cad; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebf1; --soft: #a3adbd; --line: #343c4a; --back: #161a21;
  --card: #1f252e; --link: #7ab8ff; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 2rem 1rem; background: var(--back); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 46rem; margin: 0 auto; background: var(--card); border: 1px solid var(--line);
  border-radius: 12px; padding: 2rem; overflow-wrap: anywhere; }
header { display: flex; gap: 1.25rem; align-items: center; }
header img { width: 72px; height: 72px; object-fit: contain; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0; }
h2 { font-size: 1.05rem; margin: 2rem 0 .5rem; }
p { margin: .25rem 0; color: var(--soft); }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .35rem 1.25rem; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; }
ul { margin: 0; padding-left: 1.2rem; }
code { font: .9em/1.4 ui-monospace, "DejaVu Sans Mono", monospace; }
a { color: var(--link); }
footer { max-width: 46rem; margin: 1rem auto; color: var(--soft); font-size: .85rem; text-align: center; }
"""

# The part for state variables and forms. A target for a finger is 44 pixels high or more (WCAG 2.2, 2.5.5).
LIVE_STYLE = (
    STYLE
    + """
:root { --field: #fff; --edge: #7f8a9c; --on: #0b5cad; --on-ink: #fff; --fault: #a8201a; --glow: #fff0b8; }
@media (prefers-color-scheme: dark) { :root { --field: #161a21; --edge: #7d8798; --on: #7ab8ff; --on-ink: #10151c;
  --fault: #ff9c94; --glow: #4d4521; } }
[hidden] { display: none !important; }
h2 { font-size: 1.25rem; }
h3 { font-size: 1.05rem; margin: 1.5rem 0 .5rem; }
.state { width: 100%; border-collapse: collapse; margin: .5rem 0 1rem; }
.state th, .state td { padding: .5rem .5rem; border-top: 1px solid var(--line); text-align: left; vertical-align: top; }
.state tr:last-child > * { border-bottom: 1px solid var(--line); }
.state th { width: 50%; font-weight: normal; color: var(--soft); }
.state td { font-weight: 600; white-space: pre-wrap; font-variant-numeric: tabular-nums; }
.state td:empty::before, .result dd:empty::before { content: "(empty)"; font-weight: normal; color: var(--soft); }
.state tr > * { transition: background-color 1s; }
.state tr.changed > * { background: var(--glow); transition: none; }
.lost .state { opacity: .7; }
#connection { margin: 0; }
#connection.trouble { margin-top: 1rem; }
#connection.trouble, .result .fault { color: var(--fault); font-weight: 600; }
.actions { display: grid; gap: .75rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 18rem), 1fr)); }
form { min-width: 0; }
fieldset { min-width: 0; height: 100%; margin: 0; padding: .5rem 1rem 1rem; border: 1px solid var(--line);
  border-radius: 10px; }
legend { padding: 0 .35rem; font-weight: 600; }
form.wide { grid-column: 1 / -1; }
.fields { display: grid; gap: 0 1.5rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15rem), 1fr)); }
.field { margin: .25rem 0 .75rem; display: flex; flex-wrap: wrap; gap: 0 .75rem; align-items: baseline;
  justify-content: space-between; align-content: start; }
.field label { padding: .25rem 0; }
.field small { color: var(--soft); font-size: .85rem; }
.field :is(input, select, textarea) { flex: 1 0 100%; }
input, select, textarea, button { font: inherit; color: var(--ink); min-height: 44px; max-width: 100%; }
input, select, textarea { width: 100%; padding: .5rem .65rem; background: var(--field);
  border: 1px solid var(--edge); border-radius: 8px; }
textarea { min-height: 6rem; resize: vertical; }
input[type=range] { padding: 0; border: 0; background: none; accent-color: var(--on); }
input[type=checkbox] { appearance: none; position: relative; flex: none; width: 56px; height: 44px; margin: 0;
  padding: 0; border: 0; background: none; }
input[type=checkbox]::before { content: ""; position: absolute; inset: 7px 2px; border-radius: 15px;
  border: 2px solid var(--edge); background: var(--field); }
input[type=checkbox]::after { content: ""; position: absolute; top: 13px; left: 8px; width: 18px; height: 18px;
  border-radius: 9px; background: var(--edge); transition: transform .15s; }
input[type=checkbox]:checked::before { background: var(--on); border-color: var(--on); }
input[type=checkbox]:checked::after { background: var(--on-ink); transform: translateX(22px); }
.field.switch { align-items: center; }
.field.switch label { padding: .65rem 0; }
.field.switch input { flex: none; margin-left: auto; }
button { padding: .5rem 1.1rem; border: 1px solid var(--on); border-radius: 8px; background: var(--on);
  color: var(--on-ink); font-weight: 600; cursor: pointer; overflow-wrap: anywhere; }
.buttons { display: flex; flex-wrap: wrap; gap: .75rem 1.5rem; align-items: start; margin-top: .75rem; }
.buttons fieldset { padding: 0; border: 0; }
.buttons .result dl { grid-template-columns: 1fr; gap: 0; }
.buttons button { background: none; color: var(--on); }
button:disabled { opacity: .55; cursor: default; }
[aria-busy=true] button { opacity: .55; }
:focus-visible { outline: 3px solid var(--link); outline-offset: 2px; }
.result { margin: .5rem 0 0; }
.result dl { margin: .5rem 0 0; grid-template-columns: fit-content(50%) minmax(4rem, 1fr); }
.result dd { white-space: pre-wrap; font-weight: 600; }
.result p { margin: .5rem 0 0; }
@media (max-width: 30rem) { body { padding: 0; } main { padding: 1.25rem 1rem; border-width: 0 0 1px;
  border-radius: 0; } }
@media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
@media (forced-colors: active) { input[type=checkbox] { appearance: auto; }
  input[type=checkbox]::before, input[type=checkbox]::after { content: none; } }
"""
)
