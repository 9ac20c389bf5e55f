"""Logs of a chain that may lie: fetched in ranges that nodes accept, checked, and proved complete where asked."""

from __future__ import annotations

from qf.chain.logs.fetching import Chain, fetch

__all__ = ["Chain", "fetch"]
