"""Sheets of donor codes, printed for people who give without a wallet."""
