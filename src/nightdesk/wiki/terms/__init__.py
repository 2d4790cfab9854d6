"""Terms: what a source may name a concept by, and the vocabulary of all sources."""
