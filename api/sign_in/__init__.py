"""Signing in: with a wallet, a donor code, or an OpenID provider; and the sessions that follow."""
