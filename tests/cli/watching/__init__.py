"""The screen, the lines and the files of ``watch``."""
