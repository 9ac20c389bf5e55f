"""What the demo does with the service."""
