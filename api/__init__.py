"""The service: rounds, projects, donors and settlement over HTTP; what is paid to whom is decided by `qf` alone."""

from __future__ import annotations

from qf.chain.recursion import kept_recursion_limit

with kept_recursion_limit():  # before anything else imports it: JSON that nests for ever must be refused, not crash
    import eth_account  # noqa: F401
