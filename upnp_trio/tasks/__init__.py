"""Tasks that live beside a body, and the errors of groups."""
