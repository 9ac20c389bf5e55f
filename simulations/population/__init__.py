"""Who gives: how many, what they can spend, what they value, and what they know of."""
