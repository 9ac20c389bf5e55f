"""What donors gave, how it counted, and a receipt for it."""
