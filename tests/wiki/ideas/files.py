"""Idea files for tests."""

CHECK = """[[check]]
name = "it adds"
run = "python add.py 2 3"
number = { after = "sum:", op = "==", value = 5 }
"""
PLAIN = """---
type: idea
title: Add numbers
summary: Two numbers are added.
---
# Add numbers

## What

A program adds two numbers [1].

## Why

People add slowly [1].

## Evidence

- **[1]** "People add slowly, programs fast."
  Adding, Ada Example, 2025-01-02. <https://example.org/adding>

## How to check that it works

`python add.py 2 3` prints `sum: 5`.

```checks
{checks}```

## What to adapt

The language.
"""


def idea(checks: str = CHECK, **more: str) -> str:
    """Return a clean idea with these checks; `more` are texts put behind a section, by its first word."""
    text = PLAIN.format(checks=checks)
    for name, words in more.items():
        head = next(line for line in text.splitlines() if line.startswith(f"## {name}"))
        text = text.replace(f"{head}\n\n", f"{head}\n\n{words}\n\n", 1)
    return text
