"""Giving on a chain: the transactions a wallet signs, and what becomes of those that were sent."""
