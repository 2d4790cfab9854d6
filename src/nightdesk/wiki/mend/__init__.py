"""Findings of the lint mended: by code where one mend is certain, else as tasks for whichever worker is set."""
