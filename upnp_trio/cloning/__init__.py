"""A clone of a device, pure: what was observed of it, as the files of a folder that can be served."""
