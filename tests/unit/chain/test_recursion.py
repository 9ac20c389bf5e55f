"""Importing what talks to chains leaves the limit of recursion as it was."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.source import run_python

WEB3 = "import qf.chain.node.transport"
ACCOUNT = """
from qf.chain.attestation import Statement, sign
statement = Statement(1, "0x" + "11" * 20, "0x" + "22" * 32, "0x" + "33" * 32, "0x" + "44" * 20, 5)
sign(statement, "0x" + "55" * 32)
"""


@pytest.mark.parametrize("work", [WEB3, ACCOUNT], ids=["web3", "eth_account"])
def test_recursion_limit_when_a_library_raises_it_then_it_is_put_back(work: str, tmp_path: Path) -> None:
    check = f"import sys\nbefore = sys.getrecursionlimit()\n{work}\nprint(sys.getrecursionlimit() == before)"
    assert run_python(check, tmp_path) == "True\n"
