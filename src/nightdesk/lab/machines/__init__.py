"""Where runs happen: cores and cards, the share of each run, the turns that labs take, and the clocks."""
