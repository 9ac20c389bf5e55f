"""Donations on their way in: by a signed webhook, a file, a desk or a correction; each counts once."""
