"""Fetch and convert: from the outside world to raw/ and text/."""
