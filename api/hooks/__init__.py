"""Outgoing webhooks: who wants to know is told what happens in the rounds of an organisation."""
