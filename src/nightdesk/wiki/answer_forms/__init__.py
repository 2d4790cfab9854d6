"""Answers in other forms: slides, comparison tables, charts, canvases; every statement keeps its citation."""
