"""The HTTP server for documents, pages and calls (UDA 2.0 §2.11, §3, §5)."""
