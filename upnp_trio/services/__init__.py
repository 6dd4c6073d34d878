"""Services as Python classes: declared by annotations, described by an SCPD, with handlers for their actions."""
