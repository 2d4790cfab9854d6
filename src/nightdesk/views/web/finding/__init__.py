"""Finding pages: by name, by words, and in the graph."""
