"""What is wrong with a vault or a desk, found by code: one module for each family of findings."""
