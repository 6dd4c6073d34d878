"""What a device is: frozen values, and the rules that UDA has for them."""
