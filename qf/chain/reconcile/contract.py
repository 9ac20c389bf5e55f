"""What contracts say of themselves at the last block, against what was read of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from qf.chain.chain_file import ChainEntry, ChainFile
from qf.chain.ledger import SourceLedger
from qf.chain.node.reader import ChainReader, Trust
from qf.chain.sources.counted import CountedSource
from qf.chain.types import NATIVE, Address, BlockStamp, ChainFacts, Hash
from qf.errors import ChainError
from qf.reconciliation import Evidence, Finding, Line
from qf.round import Round

IMPLEMENTATION = Hash("0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc")
"""Where a proxy keeps the address of its code: keccak256("eip1967.proxy.implementation") - 1 (EIP-1967)."""

PROOFS = {
    Trust.NODE: "the word of a node",
    Trust.BLOOM: "the bloom filter of every header: no block with a log was left out",
    Trust.RECEIPTS: "receipts of every block that may hold a log, hashed against its header",
}
"""What each level of proof says."""

COIN = "; of gifts in its coin, the transactions of every block, hashed against its header, and their signatures"
"""Added where the chain's own coin is read out of whole blocks."""


def evidence_of(chain: ChainEntry, read: SourceLedger, last: BlockStamp, doubts: Iterable[Line]) -> Evidence:
    """Return how far a source was read, and what proves that nothing is missing: nothing, where it is in doubt."""
    unproved = any(line.finding is Finding.INCOMPLETE for line in doubts)
    donations = len(read.donations)
    proof = PROOFS[chain.proof]
    if isinstance(read.entry.source, CountedSource):
        proof = f"{donations} donations and their running hash, as the contract counts them"
    return Evidence(
        source=read.entry.name,
        kind=read.entry.kind,
        donations=donations,
        block=last.number,
        block_hash=last.hash,
        proof="none: see what is incomplete" if unproved else proof + (COIN if read.entry.source.watched else ""),
    )


def proved_lines(
    file: ChainFile, chain: ChainEntry, read: SourceLedger, reader: ChainReader, last: BlockStamp
) -> Iterator[Line]:
    """Yield what stands between a source, read up to the block `last`, and the proof that it is complete and true."""
    name = read.entry.name
    if isinstance(read.entry.source, CountedSource):
        facts = read.entry.source.facts(reader, last)
        yield from _counted(name, read, read.entry.source, facts)
        yield from _held(name, read, facts)
    elif chain.proof == Trust.NODE:
        yield Line(Finding.INCOMPLETE, f"{name}, proof", source="only the node's word: set proof to bloom or receipts")
    yield from _code(file, chain, read, reader, last)


def not_final(read: SourceLedger, last: BlockStamp) -> Line:
    """Return the line about a chain whose last block may still be taken back."""
    told = f"block {last.number} is not final yet: wait, and sync again"
    return Line(Finding.INCOMPLETE, f"{read.entry.name}, finality", source=told)


def window_lines(round: Round, read: SourceLedger, last: BlockStamp) -> Iterator[Line]:
    """Yield a line if a source was not read to the end of the round: gifts may still come in."""
    if round.closes is not None and last.time < round.closes:
        told = f"read up to {last.time}, block {last.number}; the round closes at {round.closes}"
        yield Line(Finding.INCOMPLETE, f"{read.entry.name}, window", source=told)


def _counted(name: str, read: SourceLedger, source: CountedSource, facts: ChainFacts) -> Iterator[Line]:
    gifts = [entry.donation for entry in read.donations]
    numbers = [gift.seq for gift in gifts]
    if len(numbers) != facts.count or numbers != list(range(len(numbers))):
        told = f"{len(gifts)} donations were read, the contract counts {facts.count}"
        yield Line(Finding.INCOMPLETE, f"{name}, count", told, "numbers have to run from 0 without a gap")
    elif (hashed := source.hashed(gifts)) != facts.running_hash:
        yield Line(Finding.INCOMPLETE, f"{name}, running hash", hashed, str(facts.running_hash))


def _held(name: str, read: SourceLedger, facts: ChainFacts) -> Iterator[Line]:
    """What was donated is what the contract says, and it holds what it has not paid out; a surplus is no donation."""
    credited: Counter[Address] = Counter()
    paid: Counter[Address] = Counter()
    for entry in read.donations:
        credited[entry.donation.token] += entry.donation.amount
    for fact in read.decoded.facts:
        if fact.name == "Withdrawn":
            paid[fact.values["token"]] += fact.values["amount"]
    for token in sorted(facts.totals.keys() | credited.keys()):
        place = f"{name}, token {token}"
        total, held, balance = (facts.totals.get(token), facts.held.get(token), facts.balances.get(token))
        if total != credited[token]:
            yield Line(Finding.BALANCE_DIFFERS, f"{place}, total", str(credited[token]), str(total))
        elif held != credited[token] - paid[token]:
            yield Line(Finding.INCOMPLETE, f"{place}, paid out", str(credited[token] - paid[token]), str(held))
        if held is not None and balance is not None and balance != held:
            told = f"should hold {held}", f"holds {balance}"
            yield Line(Finding.BALANCE_DIFFERS, f"{place}, balance", *told)


def _code(
    file: ChainFile, chain: ChainEntry, read: SourceLedger, reader: ChainReader, last: BlockStamp
) -> Iterator[Line]:
    """Compare the code of the contract and its tokens with what is pinned, at the first and the last block."""
    source = read.entry.source
    pinned = {contract: read.entry.code_hash for contract in source.contracts if read.entry.code_hash}
    vault = source.contracts[0] if isinstance(source, CountedSource) else None
    used = {entry.donation.token for entry in read.donations} - {NATIVE}
    tokens = [token for (number, address), token in file.tokens.items() if number == chain.id and address in used]
    pinned |= {token.address: token.code_hash for token in tokens if token.code_hash}
    try:
        ends = [reader.stamp(read.entry.first), last]
        for address, expected in sorted(pinned.items()):
            for end in ends:
                found = reader.code_hash(address, end)
                if found != expected:
                    yield Line(Finding.CODE_DIFFERS, f"{address} at block {end.number}", expected, found)
        yield from _proxies(sorted({token.address for token in tokens}), vault, ends, reader)
    except ChainError as error:
        yield Line(Finding.INCOMPLETE, f"{read.entry.name}, code", source=f"could not be compared: {error}")


def _proxies(
    tokens: list[Address], vault: Address | None, ends: list[BlockStamp], reader: ChainReader
) -> Iterator[Line]:
    """A token behind a proxy keeps its code during the round; a vault is no proxy."""
    for token in tokens:
        before, after = (reader.storage(token, IMPLEMENTATION, end) for end in ends)
        if before != after:
            yield Line(Finding.CODE_DIFFERS, f"{token}, behind a proxy", before, after)
    if vault and int(reader.storage(vault, IMPLEMENTATION, ends[-1]), 16):
        yield Line(Finding.CODE_DIFFERS, f"{vault}, is a proxy", "", reader.storage(vault, IMPLEMENTATION, ends[-1]))
