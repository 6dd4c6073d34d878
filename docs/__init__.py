"""The documentation: pages in Markdown, and in `docs.generate` what they show of the code."""
