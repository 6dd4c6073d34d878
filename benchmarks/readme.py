"""The figures in two READMEs: the report and the summary of the newest `--readme` run, each between two markers."""

from pathlib import Path

README = Path(__file__).resolve().parent / "README.md"
PROJECT_README = README.parents[1] / "README.md"
BEGIN, END = "<!-- figures: written by --readme -->", "<!-- end of figures -->"


def rewrite_readmes(report: str, summary: str) -> None:
    """Put `report` into this folder's README and `summary` into the project's; raises ValueError without markers."""
    for file, figures in ((README, report), (PROJECT_README, summary)):
        file.write_text(replace_figures(file.read_text(encoding="utf-8"), figures), encoding="utf-8")


def replace_figures(text: str, report: str) -> str:
    """Replace what stands between the markers in `text` with `report`; raises ValueError when they are missing."""
    return replace_between(text, BEGIN, END, report)


def replace_between(text: str, begin: str, end: str, report: str) -> str:
    """Replace what stands between two markers in `text` with `report`; raises ValueError when they are missing."""
    before, begun, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not (begun and ended):
        raise ValueError(f"the README has no markers {begin} and {end}")
    return f"{before}{begin}\n\n{report}\n{end}{after}"
