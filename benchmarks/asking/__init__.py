"""What the asking side costs: a listener of 5,000 devices, and what ping shows beside the load generator."""
