"""A chain in memory, as a `ChainReader`: blocks that can be reorganised, and a `DonationRound` that counts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count as counting

from qf.chain.abi import encode, keccak
from qf.chain.node.reader import Block, BlockId, Chunk, Trust
from qf.chain.proof import Transaction
from qf.chain.proof.receipts import Receipt
from qf.chain.sources.donation_round import DonationRound, running_hash
from qf.chain.types import Address, BlockStamp, ChainId, Hash, Log, LogFilter
from qf.errors import ReorganisedError

VAULT = Address("0x" + "aa" * 20)
TOKEN = Address("0x" + "bb" * 20)
OTHER_TOKEN = Address("0x" + "bc" * 20)
TOPICS = {event.name: topic for topic, event in DonationRound.events.items()}


def key(name: str) -> Hash:
    """Return the key of a project in the contract."""
    return Hash("0x" + name.encode().hex().ljust(64, "0"))


def account(number: int) -> Address:
    """Return a donor."""
    return Address(f"0x{number + 1:040x}")


def word(value: str | int) -> Hash:
    """Return a topic."""
    return Hash(f"0x{value if isinstance(value, int) else int(value, 16):064x}")


@dataclass(frozen=True)
class Gift:
    """What somebody sends to the vault."""

    donor: Address
    project: str
    amount: int
    token: Address = TOKEN


@dataclass
class FakeBlock:
    """A block: its stamp, and the logs in it, each a transaction of its own."""

    stamp: BlockStamp
    gifts: list[Gift]
    logs: list[Log] = field(default_factory=list)


class FakeChain:
    """A chain of one vault. Times are ten seconds apart."""

    def __init__(self, finality: int = 8, number: int = 1) -> None:
        self.chain_id = ChainId(number)
        self.finality = finality
        self.chunk = 3
        self.hidden: set[tuple[int, int]] = set()
        self.surplus = 0
        self.unbacked = 0
        self.asked = 0
        self.breaks_after: int | None = None
        self.reorganises_at: int | None = None
        self._fresh = counting(1)
        self.blocks: list[FakeBlock] = []
        self.mine([])

    # ------------------------------------------------------------------------------------------- what happens

    @property
    def head(self) -> BlockStamp:
        """The newest block."""
        return self.blocks[-1].stamp

    def mine(self, gifts: Sequence[Gift]) -> BlockStamp:
        """Return a new block with `gifts` in it."""
        number = len(self.blocks)
        parent = self.blocks[-1].stamp.hash if self.blocks else word(0)
        block = Hash("0x" + keccak(f"{number}/{next(self._fresh)}".encode()).hex())
        made = FakeBlock(BlockStamp(number, block, parent, 1_000 + 10 * number), list(gifts))
        self.blocks.append(made)
        made.logs += self._logs(made)
        return made.stamp

    def reorganise(self, depth: int, gifts: Sequence[Sequence[Gift]]) -> None:
        """Replace the last `depth` blocks by new ones with these gifts."""
        del self.blocks[len(self.blocks) - depth :]
        for each in gifts:
            self.mine(each)

    @property
    def gifts(self) -> list[tuple[int, Gift]]:
        """All gifts with the number of their block."""
        return [(block.stamp.number, gift) for block in self.blocks for gift in block.gifts]

    def _logs(self, block: FakeBlock) -> Iterator[Log]:
        seq = sum(len(earlier.gifts) for earlier in self.blocks[: block.stamp.number])
        if block.stamp.number == 0:
            for place, name in enumerate(("well", "bus")):
                yield self._log(block, 0, place, VAULT, [TOPICS["ProjectAdded"], key(name)], account(900 + place))
        for place, gift in enumerate(block.gifts):
            topics = [word(int(keccak(b"Transfer(address,address,uint256)").hex(), 16)), word(gift.donor), word(VAULT)]
            yield self._log(block, place, 2 * place, gift.token, topics, gift.amount - self.unbacked)
            donated = [TOPICS["Donated"], word(seq + place), key(gift.project), word(gift.donor)]
            data = encode("(address,uint256,bytes32)", [gift.token, gift.amount, word(0)])
            yield self._log(block, place, 2 * place + 1, VAULT, donated, data)

    def _log(
        self, block: FakeBlock, tx: int, place: int, address: Address, topics: list[Hash], data: bytes | int | str
    ) -> Log:
        body = data if isinstance(data, bytes) else bytes.fromhex(word(data)[2:])
        transaction = Hash("0x" + keccak(f"{block.stamp.hash}/{tx}".encode()).hex())
        at = block.stamp
        return Log(address, tuple(topics), body, at.number, at.hash, transaction, tx, place)

    # ------------------------------------------------------------------------------------------ what is asked

    def stamp(self, block: BlockId) -> BlockStamp:
        if block == "latest":
            return self.head
        if block in ("finalized", "safe"):
            return self.blocks[max(self.head.number - self.finality, 0)].stamp
        found = [each.stamp for each in self.blocks if block in (each.stamp.number, each.stamp.hash)]
        if not found:
            raise ReorganisedError(0, str(block), "unknown")
        return found[0]

    def fetch(self, wanted: LogFilter, first: int, last: BlockStamp, trust: Trust) -> Iterator[Chunk]:
        while first <= last.number:
            self.asked += 1
            if self.breaks_after is not None and self.asked > self.breaks_after:
                raise ConnectionError("pulled the plug")
            if self.asked == self.reorganises_at:
                self.reorganise(min(3, self.finality, len(self.blocks) - 1), [[]] * 4)
            if last.number >= len(self.blocks) or self.blocks[last.number].stamp.hash != last.hash:
                raise ReorganisedError(last.number, last.hash, "another")
            end = min(first + self.chunk - 1, last.number)
            logs = [
                log
                for block in self.blocks[first : end + 1]
                for log in block.logs
                if wanted.fits(log) and (trust is Trust.RECEIPTS or log.place not in self.hidden)
            ]
            stamps = {log.block_number: self.blocks[log.block_number].stamp for log in logs}
            yield Chunk(first, self.blocks[end].stamp, tuple(logs), stamps)
            first = end + 1

    def call(self, to: Address, data: bytes, at: BlockStamp) -> bytes:
        gifts = [gift for number, gift in self.gifts if number <= at.number]
        if data[:4] == keccak(b"count()")[:4]:
            return encode("(uint256)", [len(gifts)])
        if data[:4] == keccak(b"runningHash()")[:4]:
            logs = [log for block in self.blocks[: at.number + 1] for log in block.logs if log.address == VAULT]
            return encode("(bytes32)", [running_hash(DonationRound(VAULT).decode(logs).donations)])
        token = "0x" + data[-20:].hex() if data[:4] != keccak(b"balanceOf(address)")[:4] else to
        total = sum(gift.amount for gift in gifts if gift.token == token)
        extra = self.surplus if data[:4] == keccak(b"balanceOf(address)")[:4] else 0
        return encode("(uint256)", [total + extra])

    def balance(self, account: Address, at: BlockStamp) -> int:
        return 0

    def code_hash(self, account: Address, at: BlockStamp) -> Hash:
        return Hash("0x" + keccak(account.encode()).hex())

    def storage(self, account: Address, slot: Hash, at: BlockStamp) -> Hash:
        return word(0)

    def receipt(self, transaction: Hash) -> Receipt | None:
        for block in self.blocks:
            logs = tuple(log for log in block.logs if log.tx_hash == transaction)
            if logs:
                at = block.stamp
                where = transaction, logs[0].tx_index, at.number, at.hash
                return Receipt(*where, account(0), VAULT, True, logs)
        return None

    def block(self, at: BlockStamp) -> Block:
        found = self.blocks[at.number]
        hashes = dict.fromkeys(log.tx_hash for log in found.logs)
        receipts = tuple(receipt for name in hashes if (receipt := self.receipt(name)) is not None)
        sent = tuple(Transaction(each.tx_hash, each.tx_index, each.sender, each.to, 0, b"") for each in receipts)
        return Block(found.stamp, sent, receipts)
