"""The README's figures: the report of the newest `--readme` run, between two markers."""

from pathlib import Path

README = Path(__file__).resolve().parent / "README.md"
BEGIN, END = "<!-- figures: written by --readme -->", "<!-- end of figures -->"


def rewrite_readme(report: str) -> None:
    """Replace the README's figures with `report`; raises ValueError when the markers are missing."""
    README.write_text(replace_figures(README.read_text(encoding="utf-8"), report), encoding="utf-8")


def replace_figures(text: str, report: str) -> str:
    """Replace what stands between the markers in `text` with `report`; raises ValueError when they are missing."""
    before, begun, rest = text.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (begun and ended):
        raise ValueError(f"the README has no markers {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{report}\n{END}{after}"
