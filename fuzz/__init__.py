"""Coverage-guided fuzzing of all that a stranger's bytes reach: ``python -m fuzz``, or ``nox -s fuzz``."""
