"""The version, in a module without imports, so that SERVER can name it cheaply."""

#: the version of this package, X.Y.Z
__version__ = "0.1.0"
