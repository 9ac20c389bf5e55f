"""What each source makes of the logs and transactions of its contracts."""

from __future__ import annotations

from typing import Any

import eth_abi
import pytest
from eth_utils import keccak
from msgspec.structs import replace

from qf.chain.abi import encode
from qf.chain.artifacts import artifact
from qf.chain.sources import decode_log, source
from qf.chain.sources.allo_v1 import AlloV1
from qf.chain.sources.allo_v2 import AlloV2
from qf.chain.sources.allo_v2_1 import AlloV21
from qf.chain.sources.clrfund import ClrFund
from qf.chain.sources.donation_round import DonationRound, running_hash
from qf.chain.sources.eip3009 import USED, Eip3009
from qf.chain.sources.giveth import MADE, Giveth
from qf.chain.sources.transfers import TRANSFER, Transfers
from qf.chain.types import NATIVE, ZERO_ADDRESS, Address, BlockStamp, Decoded, Fact, Hash, Log, Status
from qf.errors import InputError
from tests.unit.chain.made import account, event, log, outcome, raw, word

ROUND, OTHER, TOKEN, ANN, BOB, RELAYER = (account(number) for number in range(0xA1, 0xA7))
WELL, BUS = account(0xB1), account(0xB2)


def reasons(found: Decoded) -> list[str]:
    return [each.why for each in found.refused]


class TestDonationRound:
    source = DonationRound(ROUND)

    def donated(self, seq: int, **values: Any) -> Log:
        gift = {"seq": seq, "project": word(7), "donor": ANN, "token": TOKEN, "amount": 5, "memo": word(0)} | values
        return log(event(DonationRound.events, "Donated"), ROUND, gift, index=seq)

    def test_memo_when_it_is_zero_then_there_is_none(self) -> None:
        found = self.source.decode([self.donated(0), self.donated(1, memo=word(9), token=NATIVE, amount=2**256 - 1)])
        assert [(gift.seq, gift.memo, gift.token, gift.amount) for gift in found.donations] == [
            (0, "", TOKEN, 5),
            (1, word(9), NATIVE, 2**256 - 1),
        ]

    def test_payee_when_it_moves_then_the_project_has_the_new_one(self) -> None:
        added = log(event(DonationRound.events, "ProjectAdded"), ROUND, {"project": word(7), "payee": WELL})
        moved = log(
            event(DonationRound.events, "PayeeMoved"), ROUND, {"project": word(7), "from": WELL, "to": BUS}, index=1
        )
        (project,) = self.source.decode([added, moved]).projects
        assert (project.project, project.payee, project.status) == (word(7), BUS, Status.ACCEPTED)
        assert reasons(self.source.decode([moved])) == [
            f"PayeeMoved: {word(7)} changes an application that was never made"
        ]

    def test_log_when_another_contract_wrote_it_then_it_is_refused(self) -> None:
        found = self.source.decode([replace(self.donated(0), address=OTHER)])
        assert not found.donations and OTHER in found.refused[0].why

    @pytest.mark.parametrize("size", [0, 95, 97, 128])
    def test_data_when_it_is_too_short_or_too_long_then_the_log_is_refused(self, size: int) -> None:
        found = self.source.decode([replace(self.donated(0), data=bytes(size))])
        assert reasons(found) == [f"Donated: {size} bytes of data, not 96"]

    def test_token_word_when_it_has_high_bytes_then_the_log_is_refused(self) -> None:
        whole = self.donated(0)
        found = self.source.decode([replace(whole, data=b"\1" + whole.data[1:])])
        assert "no address: its first 12 bytes are not zero" in found.refused[0].why

    def test_running_hash_when_it_is_continued_then_it_is_that_of_all(self) -> None:
        gifts = self.source.decode([self.donated(0), self.donated(1, memo=word(9)), self.donated(2)]).donations
        assert running_hash(gifts[1:], running_hash(gifts[:1])) == running_hash(gifts)
        types = ["bytes32", "uint256", "bytes32", "address", "address", "uint256", "bytes32"]
        so_far = bytes(32)
        for seq, memo in enumerate((0, 9, 0)):
            values = [so_far, seq, raw(word(7)), ANN, TOKEN, 5, raw(word(memo))]
            so_far = keccak(eth_abi.encode(types, values))
        assert running_hash(gifts) == "0x" + so_far.hex()
        assert running_hash([]) == word(0)

    def test_facts_are_what_the_contract_answers(self) -> None:
        at = BlockStamp(9, word(9), word(8), 1_000)
        answers = {
            (ROUND, "count()"): 3,
            (ROUND, "runningHash()"): 2**256 - 1,
            (ROUND, f"total(address){TOKEN}"): 50,
            (ROUND, f"total(address){NATIVE}"): 60,
            (ROUND, f"held(address){TOKEN}"): 40,
            (ROUND, f"held(address){NATIVE}"): 30,
            (TOKEN, f"balanceOf(address){ROUND}"): 41,
        }
        facts = DonationRound(ROUND, (TOKEN, NATIVE)).facts(Reader(answers), at)
        assert (facts.at, facts.count, facts.running_hash) == (at, 3, word(2**256 - 1))
        assert facts.totals == {TOKEN: 50, NATIVE: 60}
        assert facts.held == {TOKEN: 40, NATIVE: 30}
        assert facts.balances == {TOKEN: 41, NATIVE: 31}

    def test_facts_when_there_is_no_contract_then_that_is_said(self) -> None:
        with pytest.raises(InputError, match=r"block 9: .* does not answer as it should.*check the address"):
            self.source.facts(Reader({}), BlockStamp(9, word(9), word(8), 1_000))


class Reader:
    """A chain that knows some answers, and that an account holds 31 of its coin."""

    def __init__(self, answers: dict[tuple[str, str], int]) -> None:
        self.answers: dict[tuple[str, bytes], bytes] = {}
        for (contract, question), number in answers.items():
            name, _, argument = question.partition(")")
            padded = bytes.fromhex(argument[2:]).rjust(32, b"\0") if argument else b""
            self.answers[contract, keccak(text=f"{name})")[:4] + padded] = number.to_bytes(32, "big")

    def call(self, to: Address, data: bytes, at: BlockStamp) -> bytes:
        return self.answers.get((to, data), b"")

    def balance(self, account: Address, at: BlockStamp) -> int:
        return 31


class TestAlloV1:
    source = AlloV1(ROUND, voting=OTHER)

    def voted(self, *names: str, **values: Any) -> Log:
        told = {
            "token": ZERO_ADDRESS,
            "amount": 5,
            "origin": ANN,
            "voter": RELAYER,
            "grantAddress": WELL,
            "projectId": word(3),
            "applicationIndex": 12,
            "roundAddress": ROUND,
        } | values
        return log(event(AlloV1.donated, "Voted", *names), OTHER, told)

    OLD = ("token", "amount", "voter", "grantAddress", "projectId", "roundAddress")
    NEW = ("token", "amount", "origin", "voter", "grantAddress", "projectId", "applicationIndex", "roundAddress")

    def test_donor_is_the_origin_where_there_is_one_and_the_payee_is_told(self) -> None:
        old, new = self.source.decode([self.voted(*self.OLD), self.voted(*self.NEW)]).donations
        assert (old.donor, old.project, old.token, old.payee) == (RELAYER, word(3), NATIVE, WELL)
        assert (new.donor, new.project) == (ANN, "12")

    def test_donation_when_it_is_for_another_round_then_it_is_refused(self) -> None:
        assert len(self.source.decode([self.voted(*self.NEW, roundAddress=BUS)]).refused) == 1

    def test_donation_when_the_round_itself_wrote_it_then_it_is_refused(self) -> None:
        assert len(self.source.decode([replace(self.voted(*self.NEW), address=ROUND)]).refused) == 1

    def test_statuses_are_two_bits_each_128_a_row(self) -> None:
        applied = event(AlloV1.of_round, "NewProjectApplication", "projectID", "applicationIndex", "applicationMetaPtr")
        told = event(AlloV1.of_round, "ApplicationStatusesUpdated")
        logs = [
            log(applied, ROUND, {"projectID": word(3), "applicationIndex": number, "applicationMetaPtr": (1, "cid")})
            for number in (0, 127, 128, 129)
        ]
        rows = [
            log(told, ROUND, {"index": 0, "status": (2 << 254) | 1}),
            log(told, ROUND, {"index": 1, "status": 0b0011}),
        ]
        found = self.source.decode([*logs, *rows])
        assert {project.project: project.status for project in found.projects} == {
            "0": Status.ACCEPTED,
            "127": Status.REJECTED,
            "128": Status.CANCELED,
            "129": Status.PENDING,
        }


class TestAlloV2:
    source = AlloV2(ROUND)

    def allocated(self) -> Log:
        values = {"recipientId": WELL, "amount": 5, "token": NATIVE, "sender": RELAYER, "origin": ANN}
        return log(event(AlloV2.events, "Allocated", *values), ROUND, values)

    def registered(self, project: Address, counter: int, payee: Address = BUS, index: int = 0) -> Log:
        inner = encode("(address,address,(uint256,string))", [project, payee, (1, "cid")])
        data = encode("(bytes,uint256)", ["0x" + inner.hex(), counter])
        values = {"recipientId": project, "data": "0x" + data.hex(), "sender": ANN}
        return log(event(AlloV2.events, "Registered"), ROUND, values, index=index)

    def updated(self, project: Address, payee: Address, status: int) -> Log:
        inner = encode("(address,address,(uint256,string))", [project, payee, (1, "new")])
        values = {"recipientId": project, "data": "0x" + inner.hex(), "sender": ANN, "status": status}
        return log(event(AlloV2.events, "UpdatedRegistration"), ROUND, values)

    def row(self, number: int, bits: int) -> Log:
        values = {"rowIndex": number, "fullRow": bits, "sender": ANN}
        return log(event(AlloV2.events, "RecipientStatusUpdated"), ROUND, values)

    def test_donor_is_whom_the_source_is_told_to_credit(self) -> None:
        assert self.source.decode([self.allocated()]).donations[0].donor == ANN
        assert AlloV2(ROUND, donor="sender").decode([self.allocated()]).donations[0].donor == RELAYER
        with pytest.raises(ValueError, match="none of origin, sender"):
            AlloV2(ROUND, donor="relayer")

    def test_statuses_are_four_bits_each_64_a_row_and_applications_count_from_zero(self) -> None:
        logs = [self.registered(account(1_000 + number), number + 1) for number in (0, 63, 64, 65)]
        rows = [self.row(0, (6 << 252) | 2), self.row(1, 0x43)]
        found = self.source.decode([*logs, *rows])
        assert [(project.application, project.status) for project in found.projects] == [
            (0, Status.ACCEPTED),
            (63, Status.CANCELED),
            (64, Status.REJECTED),
            (65, Status.APPEALED),
        ]

    def test_project_when_it_changes_its_registration_then_status_payee_and_pointer_are_new(self) -> None:
        logs = [self.registered(WELL, 1), self.row(0, 2), self.updated(WELL, ANN, 1)]
        (project,) = self.source.decode(logs).projects
        assert (project.status, project.payee, project.pointer, project.application) == (Status.PENDING, ANN, "new", 0)

    def test_project_when_it_registers_anew_then_it_is_pending_again(self) -> None:
        (project,) = self.source.decode([self.registered(WELL, 1), self.row(0, 2), self.registered(WELL, 2)]).projects
        assert (project.application, project.status) == (1, Status.PENDING)

    def test_row_when_a_status_is_unknown_then_it_is_refused_and_changes_nothing(self) -> None:
        found = self.source.decode([self.registered(WELL, 1), self.registered(BUS, 2), self.row(0, 0x72)])
        assert reasons(found) == ["RecipientStatusUpdated: 7 is no status; they are 0 to 6"]
        assert {project.status for project in found.projects} == {Status.PENDING}

    def test_registration_when_bytes_follow_it_then_it_is_read_as_the_contract_did(self) -> None:
        inner = encode("(address,address,(uint256,string))", [WELL, BUS, (1, "cid")]) + b"more"
        data = encode("(bytes,uint256)", ["0x" + inner.hex(), 1])
        values = {"recipientId": WELL, "data": "0x" + data.hex(), "sender": ANN}
        (project,) = self.source.decode([log(event(AlloV2.events, "Registered"), ROUND, values)]).projects
        assert (project.payee, project.pointer) == (BUS, "cid")

    def test_event_of_the_pool_when_it_is_about_another_then_it_is_refused(self) -> None:
        funded = log(event(AlloV2.events, "PoolFunded"), OTHER, {"poolId": 608, "amount": 9, "fee": 1})
        (fact,) = AlloV2(ROUND, allo=OTHER, pool=608).decode([funded]).facts
        assert (fact.name, dict(fact.values)) == ("PoolFunded", {"poolId": 608, "amount": 9, "fee": 1})
        assert len(AlloV2(ROUND, allo=OTHER, pool=609).decode([funded]).refused) == 1


class TestAlloV21:
    source = AlloV21(ROUND)

    def allocated(self, data: str) -> Log:
        values = {"_recipient": WELL, "_sender": ANN, "_amount": 5, "_data": data}
        return log(event(AlloV21.events, "Allocated"), ROUND, values)

    def test_token_is_in_the_data(self) -> None:
        (gift,) = self.source.decode([self.allocated(word(int(TOKEN, 16)))]).donations
        assert (gift.donor, gift.project, gift.token, gift.amount) == (ANN, WELL, TOKEN, 5)

    def test_donation_when_its_data_is_no_token_then_it_is_refused(self) -> None:
        assert len(self.source.decode([self.allocated("0x" + "ff" * 32)]).refused) == 1
        assert len(self.source.decode([self.allocated("0x")]).refused) == 1

    @pytest.mark.parametrize(("extra", "payee"), [("0x", ""), (word(int(BUS, 16)), BUS)])
    def test_payee_is_in_the_extra_data_if_anywhere(self, extra: str, payee: str) -> None:
        inner = encode("(address,(uint256,string),bytes)", [WELL, (1, "cid"), extra])
        values = {"_recipient": WELL, "_data": "0x" + encode("(bytes,uint256)", ["0x" + inner.hex(), 3]).hex()}
        (project,) = self.source.decode([log(event(AlloV21.events, "Registered"), ROUND, values)]).projects
        assert (project.application, project.payee, project.pointer) == (2, payee, "cid")


def transfer(sender: Address, to: Address, value: int, token: Address = TOKEN, index: int = 0, tx: int = 0) -> Log:
    return log(TRANSFER, token, {"from": sender, "to": to, "value": value}, index=index, tx=tx)


class TestTransfers:
    source = Transfers((WELL, BUS), (TOKEN,))

    def test_transfers_of_tokens_and_coin_are_donations_in_the_order_of_the_chain(self) -> None:
        sent = outcome(sender=BOB, to=BUS, value=9, tx=0)
        found = self.source.decode([transfer(ANN, WELL, 5, tx=1, index=3)], [sent])
        assert [
            (gift.donor, gift.project, gift.token, gift.amount, gift.log.log_index) for gift in found.donations
        ] == [
            (BOB, BUS, NATIVE, 9, -1),
            (ANN, WELL, TOKEN, 5, 3),
        ]

    @pytest.mark.parametrize(
        ("made", "why"),
        [
            (transfer(ANN, WELL, 0), "transfers nothing"),
            (transfer(ZERO_ADDRESS, WELL, 5), "nobody gave it"),
            (transfer(WELL, WELL, 5), "to itself"),
            (transfer(ANN, WELL, 5, token=OTHER), f"{OTHER} was not asked"),
            (transfer(ANN, BOB, 5), "was not asked"),
            (replace(transfer(ANN, WELL, 5), topics=(*transfer(ANN, WELL, 5).topics, word(1)), data=b""), "topics"),
        ],
    )
    def test_transfer_when_it_is_no_gift_then_it_is_refused(self, made: Log, why: str) -> None:
        (refused,) = self.source.decode([made]).refused
        assert why in refused.why

    def test_coin_when_the_transaction_failed_then_it_is_refused(self) -> None:
        found = self.source.decode([], [outcome(sender=ANN, to=WELL, value=9, succeeded=False)])
        assert reasons(found) == ["the transaction failed, so no money moved"]

    def test_coin_when_it_does_not_count_then_it_is_not_watched(self) -> None:
        source = Transfers((WELL,), (TOKEN,), native=False)
        assert source.watched == ()
        assert source.decode([], [outcome(sender=ANN, to=WELL, value=9)]).donations == []

    def test_filters_when_no_token_counts_then_there_is_none(self) -> None:
        assert Transfers((WELL,)).filters == ()


class TestEip3009:
    source = Eip3009((WELL,), (TOKEN,))

    def used(self, who: Address, nonce: int, index: int, token: Address = TOKEN) -> Log:
        return log(USED, token, {"authorizer": who, "nonce": word(nonce)}, index=index)

    def memos(self, *logs: Log) -> list[str]:
        gifts = [each for each in logs if each.topics[0] == TRANSFER.topic]
        found = self.source.decode(gifts, [outcome(*logs, sender=RELAYER, to=TOKEN)])
        assert found.refused == []
        return [gift.memo for gift in found.donations]

    def test_memo_is_the_nonce_of_the_authorization_just_before(self) -> None:
        logs = (
            self.used(ANN, 1, 0),
            transfer(ANN, WELL, 5, index=1),
            self.used(ANN, 2, 2),
            transfer(ANN, WELL, 6, index=3),
        )
        assert self.memos(*logs) == [word(1), word(2)]

    def test_transfer_when_it_has_no_authorization_of_the_donor_then_no_memo(self) -> None:
        assert self.memos(transfer(ANN, WELL, 5)) == [""]
        assert self.memos(self.used(BOB, 1, 0), transfer(ANN, WELL, 5, index=1)) == [""]
        assert self.memos(self.used(ANN, 1, 0, token=OTHER), transfer(ANN, WELL, 5, index=1)) == [""]
        assert self.memos(self.used(ANN, 1, 0), transfer(ANN, WELL, 5, index=1), transfer(ANN, WELL, 6, index=2)) == [
            word(1),
            "",
        ]

    def test_transfer_when_its_transaction_is_unknown_then_it_is_refused(self) -> None:
        assert "was not read" in self.source.decode([transfer(ANN, WELL, 5)]).refused[0].why


class TestGiveth:
    source = Giveth(ROUND, (WELL, BUS), (TOKEN,))

    def made(self, project: Address, amount: int, token: Address, index: int) -> Log:
        return log(MADE, ROUND, {"recipientAddress": project, "amount": amount, "tokenAddress": token}, index=index)

    def decode(self, *logs: Log, sender: Address = RELAYER, to: Address = ROUND, value: int = 0) -> Decoded:
        return self.source.decode(logs, [outcome(*logs, sender=sender, to=to, value=value)])

    def test_token_when_the_handler_moves_it_then_the_donor_is_whom_it_came_from_and_it_counts_once(
        self,
    ) -> None:
        found = self.decode(transfer(ANN, WELL, 5), self.made(WELL, 5, TOKEN, 1))
        assert [(gift.donor, gift.project, gift.amount, gift.log.log_index) for gift in found.donations] == [
            (ANN, WELL, 5, 1)
        ]
        assert [fact.name for fact in found.facts] == ["Transfer"]

    def test_plain_transfer_when_it_is_beside_the_handler_then_it_counts_too(self) -> None:
        found = self.decode(transfer(BOB, WELL, 5), transfer(ANN, WELL, 5, index=1), self.made(WELL, 5, TOKEN, 2))
        assert [(gift.donor, gift.log.log_index) for gift in found.donations] == [(BOB, 0), (ANN, 2)]

    def test_two_equal_donations_are_backed_by_two_transfers(self) -> None:
        logs = (
            transfer(ANN, WELL, 5),
            self.made(WELL, 5, TOKEN, 1),
            transfer(BOB, WELL, 5, index=2),
            self.made(WELL, 5, TOKEN, 3),
        )
        assert [gift.donor for gift in self.decode(*logs).donations] == [ANN, BOB]
        assert "backs it" in self.decode(*logs[:2], self.made(WELL, 5, TOKEN, 3)).refused[0].why

    def test_coin_is_credited_to_the_sender_if_the_transaction_carried_it(self) -> None:
        logs = self.made(WELL, 5, ZERO_ADDRESS, 0), self.made(BUS, 4, ZERO_ADDRESS, 1)
        found = self.decode(*logs, sender=ANN, value=9)
        assert [(gift.donor, gift.token, gift.amount) for gift in found.donations] == [
            (ANN, NATIVE, 5),
            (ANN, NATIVE, 4),
        ]
        assert len(self.decode(*logs, sender=ANN, value=8).refused) == 2
        for to, value in ((OTHER, 9), (OTHER, 0)):
            found = self.decode(*logs, sender=ANN, to=to, value=value)
            assert (len(found.donations), len(found.refused)) == (0, 2)

    def test_donation_when_the_token_is_unknown_or_the_transaction_then_it_is_refused(self) -> None:
        assert "none of the tokens" in self.decode(self.made(WELL, 5, OTHER, 0)).refused[0].why
        assert "was not read" in self.source.decode([self.made(WELL, 5, TOKEN, 0)]).refused[0].why


class TestClrFund:
    source = ClrFund(ROUND, TOKEN)

    def test_contribution_is_to_the_round_and_one_withdrawn_is_refused(self) -> None:
        given = event(ClrFund.events, "Contribution")
        back = log(event(ClrFund.events, "ContributionWithdrawn"), ROUND, {"_contributor": BOB}, block=9, index=2)
        logs = [
            log(given, ROUND, {"_sender": ANN, "_amount": 5}),
            log(given, ROUND, {"_sender": BOB, "_amount": 6}, index=1),
            back,
        ]
        found = self.source.decode(logs)
        assert [(gift.donor, gift.project, gift.token, gift.amount) for gift in found.donations] == [
            (ANN, ROUND, TOKEN, 5)
        ]
        assert reasons(found) == ["withdrawn by the donor in block 9"]
        assert found.facts == [Fact("ContributionWithdrawn", {"_contributor": BOB}, back)]


class TestSource:
    def test_values_are_read_and_everything_wrong_is_named(self) -> None:
        mixed = "0xDA10009cBd5D07dd0CeCc66161FC93D7c9000da1"
        made = source("giveth", {"handler": ROUND, "payees": [WELL, mixed, mixed.lower()], "native": False})
        assert made == Giveth(ROUND, (WELL, Address(mixed.lower())), (), False)
        with pytest.raises(InputError) as caught:
            source(
                "allo_v2", {"donor": "me", "pool": "all", "allo": mixed.replace("DA", "Da"), "poll": 1}, "chain.toml"
            )
        told = [str(problem) for problem in caught.value.problems]
        assert [text.split(":")[0] for text in told] == [
            f"chain.toml, {name}" for name in ("poll", "strategy", "allo", "pool")
        ]
        with pytest.raises(InputError, match="none of origin"):
            source("allo_v2", {"strategy": ROUND, "donor": "me"})
        with pytest.raises(InputError, match="use one of donation_round"):
            source("gitcoin", {})

    def test_log_when_it_is_of_no_known_event_or_malformed_then_that_is_said(self) -> None:
        with pytest.raises(InputError, match="no known event has the topic 0x00"):
            decode_log({"topics": [word(0)], "data": "0x"})
        with pytest.raises(InputError, match="log of Transfer: 1 topics, not 3"):
            decode_log({"topics": [TRANSFER.topic], "data": "0x"})
        with pytest.raises(InputError, match="no known event"):
            decode_log({"topics": [], "data": "0x"})
        assert decode_log(transfer(ANN, WELL, 5)) == ("Transfer", {"from": ANN, "to": WELL, "value": 5})
        assert Hash(TRANSFER.topic).startswith("0xddf252ad")


def test_events_of_our_contract_when_compared_with_its_artifact_then_the_same() -> None:
    declared = {
        entry["name"]: [(value["name"], value["type"], value["indexed"]) for value in entry["inputs"]]
        for entry in artifact("DonationRound").abi
        if entry["type"] == "event"
    }
    ours = {
        each.name: [(value.name, value.type, value.indexed) for value in each.parameters]
        for each in DonationRound.events.values()
    }
    del ours["Transfer"]
    assert ours == {name: declared[name] for name in ours}


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"topics": None, "data": "0x"},
        {"topics": ["zz"], "data": "0x"},
        {"topics": [], "data": None},
        {"topics": [5], "data": "0xabc"},
    ],
)
def test_decode_log_when_it_is_no_log_then_it_says_so(odd: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="log"):
        decode_log(odd)


def test_decode_log_when_the_kind_is_unknown_then_it_is_named() -> None:
    with pytest.raises(InputError, match="'nope' is unknown"):
        decode_log({"topics": [], "data": "0x"}, "nope")
