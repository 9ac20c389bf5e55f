"""What happens in rounds, read once for all who listen."""
