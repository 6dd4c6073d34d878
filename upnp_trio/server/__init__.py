"""The device side at work: everything here runs on trio."""
