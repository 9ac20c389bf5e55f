"""Communities, their members and keys, and the log of what was done in their name."""
