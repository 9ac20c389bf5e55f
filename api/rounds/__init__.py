"""Rounds: drafts, frozen rules, dates, and what is said of them in public."""
