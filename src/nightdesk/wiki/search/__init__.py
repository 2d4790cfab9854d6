"""Search over pages, claims and source texts: a grammar, an index that follows the files, ranking and snippets."""
