"""Runs on other machines: a Ray cluster's nodes do what this machine would do, and answer with values."""
