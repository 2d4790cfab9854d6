"""All pages of a desk or vault in memory: what each is called, says of itself and links to, in step with the disk."""
