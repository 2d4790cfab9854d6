"""The pages of a wiki in the browser: texts, sources with their quotes, lists, and what is shown on hovering."""
