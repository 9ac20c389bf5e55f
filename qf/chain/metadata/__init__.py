"""Descriptions that a contract points to: fetched from IPFS or a folder, checked against their CID, read strictly."""

from __future__ import annotations

from qf.chain.metadata.cid import Cid, Codec
from qf.chain.metadata.descriptions import (
    ApplicationText,
    RoundText,
    Share,
    application_text,
    distribution,
    round_text,
)
from qf.chain.metadata.library import Folder, Gateway, Library, library
from qf.chain.metadata.unixfs import is_content_of

__all__ = [
    "ApplicationText",
    "Cid",
    "Codec",
    "Folder",
    "Gateway",
    "Library",
    "RoundText",
    "Share",
    "application_text",
    "distribution",
    "is_content_of",
    "library",
    "round_text",
]
