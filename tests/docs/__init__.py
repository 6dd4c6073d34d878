"""What the README and the pages in docs/ show is true: every code block is run or checked, every table is complete."""
