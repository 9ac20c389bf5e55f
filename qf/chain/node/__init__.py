"""What reads a chain. `ChainReader` is all the rest of `qf.chain` knows of it; `Nodes` talks to real nodes.

Nothing here trusts a node further than it can be checked: see `qf.chain.proof` and `qf.chain.logs`.
"""

from __future__ import annotations

from qf.chain.node.limits import Fault
from qf.chain.node.nodes import Nodes
from qf.chain.node.pace import Limits
from qf.chain.node.reader import Block, BlockId, ChainReader, Chunk
from qf.chain.proof.receipts import Receipt

__all__ = ["Block", "BlockId", "ChainReader", "Chunk", "Fault", "Limits", "Nodes", "Receipt"]
