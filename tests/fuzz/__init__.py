"""Coverage-guided fuzzing of all that a stranger's bytes reach: ``python -m tests.fuzz``, or ``nox -s fuzz``."""
