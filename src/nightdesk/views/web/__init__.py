"""The viewer: the wiki and the lab in a browser, served on this machine or written as a static site."""
