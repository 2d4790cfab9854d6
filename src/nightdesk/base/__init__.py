"""Desk paths, settings, pages as files, git, processes, errors: what every other room stands on."""
