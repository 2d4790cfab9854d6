"""Probing: questions made from the sources, asked of the wiki alone; what it cannot answer is mended."""
