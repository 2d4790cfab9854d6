"""What a night measured, as a source of the wiki; what the wiki knows, for whoever proposes."""
