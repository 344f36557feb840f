"""The version: of the package, of what `nightshift init` writes, and of the API's schema."""

__version__ = "0.1.0"
