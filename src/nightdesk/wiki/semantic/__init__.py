"""Search by meaning: texts as vectors, a cache of them beside the index, and both kinds of search as one list."""
