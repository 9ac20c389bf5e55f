"""What happens in rounds, told as it happens (server-sent events)."""
