"""Control: SOAP calls, results and faults, as pure functions over bytes (UDA 2.0 §3)."""
