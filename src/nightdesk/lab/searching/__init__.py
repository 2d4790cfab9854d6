"""Which program is changed next, which changes are joined, and which were tried before."""
