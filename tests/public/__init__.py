"""What is public, and its pin: ``python -m tests.public`` writes api.txt anew."""
