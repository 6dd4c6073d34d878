"""What is counted, published as events and logged while devices are served."""
