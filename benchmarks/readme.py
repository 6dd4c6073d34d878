"""The README's newest figures: what stands between its two markers is what the last `--readme` run printed."""

from pathlib import Path

README = Path(__file__).resolve().parent / "README.md"
BEGIN, END = "<!-- figures: written by --readme -->", "<!-- end of figures -->"


def rewrite_readme(report: str) -> None:
    """Put `report` between the markers; raises ValueError when they are not there."""
    text = README.read_text(encoding="utf-8")
    before, begun, rest = text.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (begun and ended):
        raise ValueError(f"{README} has no markers {BEGIN} and {END}")
    README.write_text(f"{before}{BEGIN}\n\n{report}\n{END}{after}", encoding="utf-8")
