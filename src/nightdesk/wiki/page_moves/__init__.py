"""Pages renamed, merged and split: files, names and every link to them, changed by position."""
