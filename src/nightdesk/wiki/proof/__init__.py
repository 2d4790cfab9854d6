"""Proof: whether a quote stands in its text, and whether a sentence says no more than its claims."""
