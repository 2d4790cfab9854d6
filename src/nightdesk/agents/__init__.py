"""Tasks, workers and their verdicts; nothing here knows what a wiki or a lab is."""
