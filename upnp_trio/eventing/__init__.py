"""Eventing: subscriptions, their requests and their event messages, as pure functions and machines (UDA 2.0 §4)."""
