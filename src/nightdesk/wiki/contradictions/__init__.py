"""Contradictions between claims: found, kept as items of one page, decided by people, told where they matter."""
