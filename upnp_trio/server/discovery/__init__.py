"""Discovery at work: searches are answered, and devices announced (UDA 2.0 §1)."""
