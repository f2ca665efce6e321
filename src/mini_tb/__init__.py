"""mini-tb: a data project of text files becomes a real-time analytics API on your own machine."""

__version__ = "0.1.0"
