"""The documents of a device: descriptions and SCPDs, device files, the built-in page, and the URLs of them all."""
