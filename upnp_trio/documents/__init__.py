"""The documents of a device: XML both ways, device files, the page, and all of it published under URLs."""
