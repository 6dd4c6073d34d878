"""A device as frozen values, and the rules that UDA has for them."""
