"""Donations compared with where they came from: chains, payment providers' statements, the books of desks."""
