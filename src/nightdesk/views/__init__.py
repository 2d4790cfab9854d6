"""What people and agents touch: only views print, read the environment and exit."""
