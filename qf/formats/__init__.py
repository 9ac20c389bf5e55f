"""Files of other systems: what they call things, and what of ours they have a word for."""
