"""Ideas as one Markdown file each: drafted from pages and experiments, checked for leaks, built and tried by code."""
