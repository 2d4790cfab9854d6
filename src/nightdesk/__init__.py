"""A folder of plain files that your AI agents keep: sources become a wiki whose every sentence can be traced."""

__version__ = "0.1.0"
