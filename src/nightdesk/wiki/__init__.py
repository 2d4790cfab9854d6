"""Claims, pages, links and the incremental build that turns text/ into wiki/."""
