"""Accounts: what their owner signs in with, is a member of, and may have forgotten."""
