"""What is wrong or changed, and what a person may do about it: history, findings, contradictions, questions."""
