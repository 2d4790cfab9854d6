"""A desk in formats that other programs read: made from its pages, the same pages giving the same bytes."""
