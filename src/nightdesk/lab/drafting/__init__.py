"""Proposals made while runs are at work: asked for, fitted to a newer best program, kept through a kill, dropped."""
