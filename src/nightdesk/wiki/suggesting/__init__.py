"""`nightdesk suggest`: what is worth asking, finding, writing and linking, each with its evidence."""
