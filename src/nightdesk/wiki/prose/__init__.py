"""Prose: language, sentences, and which of them make good claims."""
