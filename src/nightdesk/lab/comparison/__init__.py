"""What workers, briefs and versions of program.md find, with intervals, and two versions on equal terms."""
