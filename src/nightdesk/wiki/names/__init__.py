"""What a person decided about the names of pages: wiki/names.md, which every compile obeys."""
