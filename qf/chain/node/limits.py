"""What providers mean by the errors they send. What real ones send is held by a test."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """Why a node did not answer, by what helps.

    Attributes:
        RANGE: more blocks than the provider ever gives at once; ask for fewer, for ever.
        DENSITY: too many logs, or too slow; ask for fewer blocks here.
        THROTTLED: too many requests; wait, or ask another node.
        ABSENT: the node has not the block, the state or the receipt, yet or any more; wait, or ask another.
        BROKEN: no answer, half an answer, or a false one; ask again, or another.
        FATAL: asking this node again cannot help.
    """

    RANGE = "range"
    DENSITY = "density"
    THROTTLED = "throttled"
    ABSENT = "absent"
    BROKEN = "broken"
    FATAL = "fatal"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an error means: its kind, and how many blocks the provider says it would give (None: it does not say)."""

    fault: Fault
    size: int | None = None


READ = 1000
"""How many characters of a message are read: the provider writes it, and may write anything."""

NUMBER = r"(?P<cap>\d[\d,]*)(?P<thousand>\s?k\b)?"
"""A number of blocks: 10, 10,000 or 2k."""

TABLE: tuple[tuple[str, Fault], ...] = (
    (r"batch", Fault.FATAL),
    # Density comes before ranges: Alchemy names a range cap in it that holds only for other answers.
    (r"response size exceeded|query timeout exceeded|response size should not", Fault.DENSITY),
    (
        r"query returned more than|exceeds max results|logs matched by query exceeds|too many (logs|results)",
        Fault.DENSITY,
    ),
    (r"response (too large|is too big|exceed)|body exceeded the size|result set too large", Fault.DENSITY),
    (r"quer(y|ied) (timeout|timed out|execution)|read limit exceeded|context deadline exceeded", Fault.DENSITY),
    (r"more than \d+ (logs|results)|max(imum)? (number of )?(logs|results)|try with this block range", Fault.DENSITY),
    (rf"up to an? {NUMBER} block range", Fault.RANGE),
    (rf"limited to an? {NUMBER}[- ](blocks? )?range", Fault.RANGE),
    (rf"limited to 0 ?- ?{NUMBER} blocks? range", Fault.RANGE),
    (rf"range \d+ exceeds (the )?limit of {NUMBER}", Fault.RANGE),
    (rf"block span \d+.{{0,60}}? exceeds? the limit {NUMBER}", Fault.RANGE),
    (rf"max(imum)? (allowed )?(block )?range(:| is| of)? {NUMBER}", Fault.RANGE),
    (rf"maximum is set to {NUMBER}", Fault.RANGE),
    (rf"(at most|over|max(imum)?( of| is)?) {NUMBER} blocks", Fault.RANGE),
    (r"(block )?range (is |was )?(too (large|wide|big)|limit exceeded)|too many blocks|max allowed range", Fault.RANGE),
    (r"max(imum)? block range|block range (exceeds|exceeded)|blocks distance|requested range", Fault.RANGE),
    (
        r"too many requests|rate.?limit|compute units|request (count|limit)|(requests|calls) per (second|minute)",
        Fault.THROTTLED,
    ),
    (
        r"^limit exceeded|daily .*limit|quota|no backend is currently healthy|try again|capacity|overloaded",
        Fault.THROTTLED,
    ),
    (
        r"unknown block|(block|header|receipts?) not found|not yet imported|out ?of ?range|beyond (current )?head",
        Fault.ABSENT,
    ),
    (r"missing trie node|state .*(not available|pruned|unavailable)|historical state|pruned|archive", Fault.ABSENT),
    (r"api.?key|unauthori[sz]ed|forbidden|not supported|does not exist|not (found|available)|reverted", Fault.FATAL),
    (r"internal (server )?error|timeout|timed out|bad gateway|unavailable|connection (reset|refused)", Fault.BROKEN),
)
"""Words of an error (any case), and what it means; the first row that fits decides."""

_SUGGESTIONS = (
    re.compile(r"\[\s*0x(?P<first>[0-9a-f]{1,16})\s*,\s*0x(?P<last>[0-9a-f]{1,16})\s*\]"),
    re.compile(r"range (?P<first>\d{1,18}) ?- ?(?P<last>\d{1,18})"),
)
"""The range a provider says would work: in hexadecimal (Alchemy, Infura), or in decimal (reth)."""

_PATTERNS = tuple((re.compile(words), fault) for words, fault in TABLE)


def judged(message: str, asked: range) -> Verdict:
    """Return what an error `message` means to a request for the logs of the blocks `asked` (empty: for something else).

    Words that are not known mean that fewer blocks are worth a try. A suggested range counts only if it begins where
    ours does and is smaller: some nodes suggest what they refused.

    >>> judged("exceed maximum block range: 5000", range(0, 100_000))
    Verdict(fault=<Fault.RANGE: 'range'>, size=5000)
    """
    told = message[:READ].lower()
    fault, size = Fault.DENSITY if len(asked) > 1 else Fault.FATAL, None
    for pattern, meaning in _PATTERNS:
        found = pattern.search(told)
        if found:
            fault, size = meaning, _cap(found)
            break
    if not asked and fault in (Fault.RANGE, Fault.DENSITY):
        fault = Fault.BROKEN
    if size is None and fault in (Fault.RANGE, Fault.DENSITY):
        size = _suggested(told, asked)
    return Verdict(fault, size if size and size < len(asked) else None)


def _cap(found: re.Match[str]) -> int | None:
    groups = found.groupdict()
    cap = groups.get("cap")
    return int(cap.replace(",", "")) * (1000 if groups["thousand"] else 1) if cap else None


def _suggested(told: str, asked: range) -> int | None:
    for pattern, base in zip(_SUGGESTIONS, (16, 10), strict=True):
        found = pattern.search(told)
        if found:
            first, last = int(found["first"], base), int(found["last"], base)
            return last - first + 1 if first == asked.start and last >= first else None
    return None
