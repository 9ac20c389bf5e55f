"""What everybody may read of a round: its result, its donations without names, its bundle."""
