"""What lets a night go on for days: when it ends, what is kept, packed and pruned, and drift."""
