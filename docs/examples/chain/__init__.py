"""Helpers of the examples that send transactions."""
