"""Research: a question taken apart, read for on a temporary desk, and told in one report."""
