"""Coverage-guided fuzzing of all code that reads other hosts' bytes: ``python -m tests.fuzz``, or ``nox -s fuzz``."""
