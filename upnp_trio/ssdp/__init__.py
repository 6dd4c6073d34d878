"""Discovery as pure functions: messages, advertisements, search, schedule (UDA 2.0 §1)."""
