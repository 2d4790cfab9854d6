"""Experiments overnight: programs, runs, judging, the ledger and the report."""
