"""The static site: the same views as files that need no server."""
