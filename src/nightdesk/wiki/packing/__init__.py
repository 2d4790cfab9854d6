"""`nightdesk pack`: what a desk knows of a question, or of itself, as one Markdown text for any AI."""
