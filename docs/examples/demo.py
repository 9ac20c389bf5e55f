"""`make demo`: a round on a chain of its own, from the first donation to the last payout, and checked at the end.

Everything that decides is a `qf` command, printed before it runs. What people do on the chain (deploy, give, pay) is
in chain/; the same round is run by the service, too, and what its operators do there is in service/. All files stay in
out/demo; the chain and the service go in the end, unless --stay is given, so that one can look at them.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

from chain.anvil import anvil
from chain.blocks import EPOCH, Chain
from chain.founding import found
from chain.handwritten import Mistakes, vanished, write_by_hand
from chain.payday import Payday, paid
from chain.people import FARMED, OPENS, REFUSING, SEED, TITLES, WALLETS, farm, person, read_table
from chain.season import Season
from chain.sending import connect
from chain.sums import (
    closing,
    payout_of,
    require,
    require_donations,
    require_empty,
    require_payouts,
    require_same,
)
from chain.telling import ether, facts, heading, qf, say
from deploy import DAY
from service.office import Office
from service.serving import serving
from web3.contract import Contract

from qf.chain.payouts import read_payouts
from qf.codec import result_digest
from qf.codec.evidence import read_projects

REPOSITORY = Path(__file__).resolve().parents[2]
OUTPUT = Path("out/demo")

ANVIL = f"--order fifo --gas-limit 200000000 --timestamp {OPENS - DAY} --slots-in-an-epoch {EPOCH}".split()
"""A chain that begins the day before the round opens, with blocks that are final soon."""

CHAIN = 31_337
"""The number that anvil gives its chain."""

BLOCK = 12
"""Seconds between two blocks, but for the month in which people give: there it is a day."""


def main() -> None:
    """Run the demo in out/demo."""
    os.chdir(REPOSITORY)
    shutil.rmtree(OUTPUT, ignore_errors=True)
    started = time.monotonic()
    try:
        with anvil(*ANVIL) as node, serving(OUTPUT / "service", {CHAIN: node}, person("operator").address) as url:
            Demo(node, url).run()
            if "--stay" in sys.argv:
                input("The chain and the service stay until you press Enter.")
    except FileNotFoundError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
    say(f"It took {time.monotonic() - started:.0f} seconds. All files are in {OUTPUT}/; open {OUTPUT}/report.html.")


class Demo:
    """One round, step by step."""

    def __init__(self, node: str, url: str) -> None:
        self._node, self._url, self._chain = node, url, Chain(connect(node))
        self._operator, self._second = person("operator"), person("second operator")
        self._bundle, self._payouts_file = OUTPUT / "bundle", OUTPUT / "payouts.json"

    def run(self) -> None:
        """Take all steps."""
        steps = self.set_up, self.give, self.reconcile, self.settle, self.publish, self.pay, self.verify, self.say_where
        for step in steps:
            step()

    def set_up(self) -> None:
        """Write the rules, deploy the tokens and the contract of the round, and have the service watch that."""
        heading(1, "A round is set up")
        say(f"A chain of its own: anvil at {self._node}. Every key and every gift comes from the seed {SEED}.")
        self._chain.interval(BLOCK)
        self._vault = found(self._chain, self._node, OUTPUT)
        facts(
            {
                "contract of the round": self._vault.round.address,
                "takes": "JPYX (18 decimals), USDX (6 decimals), ETH",
                "projects": len(TITLES),
                "written": f"{OUTPUT}/round.toml, chain.toml, projects.csv, prices.csv, links.csv",
            }
        )
        say(f"""A service of its own: `qf serve` at {self._url}. An operator signs in with a wallet, and sets up the
            same round over HTTP: rules, prices, projects, and a source that watches the contract.""")
        self._office = Office(self._url, self._operator, self._second)
        self._office.set_up(OUTPUT)
        opened = self._office.wait_for_opening()
        facts({name: opened[name] for name in ("state", "opens_at", "closes_at", "rules_digest")})

    def give(self) -> None:
        """Let everybody give, and read the chain before and after it is reorganised."""
        heading(2, "People give, and the chain is reorganised while it is read")
        say("One block is one day. After two weeks the chain is read up to its head, before that is final.")
        self._chain.ask("evm_setAutomine", False)
        self._chain.interval(DAY)
        season = Season(self._chain, self._vault)
        season.days(12, 9)
        season.guests()
        self._sync("--until", "latest", "-d", f"{OUTPUT}/early.csv")
        season.take_back()
        say("""The chain takes its last two days back. Of eight gifts six come back in other blocks, one comes back with
            another amount, and one never does. The month goes on; then everything is final.""")
        season.days(8, 9)
        season.farm()
        self._forged = season.forge(person("forger"), read_projects(OUTPUT / "projects.csv"))
        self._failed = season.too_late()
        self._chain.interval(BLOCK)
        self._chain.finalise()
        self._sync("-d", f"{OUTPUT}/donations.csv")
        donations = len(read_table(OUTPUT / "donations.csv"))
        self._office.read_chain(donations)
        say(f"The service has read the same {donations} donations from the chain.")
        facts({way: f"{people} accounts" for way, people in season.ways.most_common()})
        self._chain.ask("evm_setAutomine", True)
        self._donor = season.of_several

    def _sync(self, *options: str) -> None:
        qf("chain", "sync", f"{OUTPUT}/chain.toml", "--store", f"{OUTPUT}/store.db", *options)

    def reconcile(self) -> None:
        """Compare a ledger kept by hand with the chain, then the one that was read from it."""
        heading(3, "The ledger is reconciled with the chain")
        say("""Somebody kept a ledger by hand. They missed a gift, dropped a digit, entered a gift twice, and kept one
            that the reorganisation took away and one that came too late; and somebody forged one.""")
        early, donations, by_hand = (OUTPUT / f"{name}.csv" for name in ("early", "donations", "by_hand"))
        write_by_hand(by_hand, donations, Mistakes(vanished(early, donations), self._forged, self._failed))
        self._reconcile(by_hand, OUTPUT / "by_hand.json", code=1)
        say("None of it gets through. What was read from the chain is another matter:")
        self._reconcile(donations, OUTPUT / "reconciliation.json")

    def _reconcile(self, ledger: Path, report: Path, code: int = 0) -> None:
        files = ["--donations", str(ledger), "--store", f"{OUTPUT}/store.db"]
        files += ["--prices", f"{OUTPUT}/prices.csv", "--projects", f"{OUTPUT}/projects.csv"]
        qf("chain", "reconcile", f"{OUTPUT}/round.toml", f"{OUTPUT}/chain.toml", *files, "-o", str(report), code=code)

    def settle(self) -> None:
        """Settle without and with what the operator knows of the wallets that are one person."""
        heading(4, "The round is settled")
        say(f"{WALLETS} wallets give the same to one project. What if nobody noticed that they are one person?")
        naive = OUTPUT / "without_links"
        self._settle(naive)
        say("The operator has seen who filled these wallets, and says so in links.csv, which is published:")
        self._settle(self._bundle, "--links", f"{OUTPUT}/links.csv")
        before, after = payout_of(naive, FARMED), payout_of(self._bundle, FARMED)
        facts({f"{FARMED} by {WALLETS} people": ether(before), f"{FARMED} by one": ether(after)})
        say("How one person's gifts were counted, and one page for everybody else:")
        qf("explain", str(self._bundle), "--donor", self._donor.address)
        qf("report", str(self._bundle), "-o", f"{OUTPUT}/report.html")

    def _settle(self, bundle: Path, *links: str) -> None:
        tables = [
            part for name in ("donations", "prices", "projects") for part in (f"--{name}", f"{OUTPUT}/{name}.csv")
        ]
        report = "--reconciliation", f"{OUTPUT}/reconciliation.json"
        qf("settle", f"{OUTPUT}/round.toml", *tables, *links, *report, "-o", str(bundle))

    def publish(self) -> None:
        """Settle and publish the round at the service, and check that it comes to the same result."""
        heading(5, "The service comes to the same result")
        say(f"""There, people say themselves which wallets are theirs, and sign with each: the owner of the {WALLETS}
            does. The round closes at its date. One operator has it reconciled and settled, a second one approves.""")
        self._office.link(farm())
        published, again = OUTPUT / "published", OUTPUT / "again"
        result = self._office.settle()
        self._office.download(published)
        qf("verify", str(published))
        require_same(self._bundle, published)
        say("""Every number is the same as above. Only the person behind the wallets is called otherwise, by a
            pseudonym. With that in links.csv, the digest is the same, too:""")
        self._settle(again, "--links", f"{published}/links.csv")
        require("digest", result["result_digest"], result_digest(again))

    def pay(self) -> None:
        """Propose the payouts on the chain, let anybody object, pay everybody."""
        heading(6, "The pool is paid out")
        qf("payouts", "tree", str(self._bundle), "--token", "native", "-o", str(self._payouts_file))
        payouts = read_payouts(self._payouts_file)
        self._payday = Payday(self._chain, self._vault)
        contract = self._payday.contract
        self._payday.fund(payouts.total)
        self._payday.use_accounts(list(TITLES))
        self._payday.refuse()
        say(f"""The sponsor has sent {ether(payouts.total)} to MatchingPayout at {contract.address}. Before anything is
            signed, every payout is tried:""")
        qf("payouts", "check", str(self._payouts_file), "--rpc", self._node, "--from", contract.address, code=1)
        self._attest(contract)
        self._payday.propose(payouts)
        say("The root is on the chain. For three days anybody who computes another one may object; nobody does.")
        pushed = self._payday.push(payouts)
        savings = person(f"{REFUSING} savings").address
        claimed = self._payday.claim_elsewhere(payouts, savings)
        self._paid = paid(contract, [*pushed, claimed])
        facts(
            {
                "matching": f"{len(paid(contract, pushed))} of {len(payouts.lines)} projects were paid at once",
                f"matching of {REFUSING}": "stayed claimable, and its payee took it to another account",
                "gifts": f"paid to their projects in {self._payday.withdraw(list(TITLES), savings)} transactions",
            }
        )
        self._chain.finalise()

    def _attest(self, contract: Contract) -> None:
        key, attestation = OUTPUT / "operator.key", f"{OUTPUT}/attestation.json"
        key.write_text(self._operator.key.hex(), "utf-8")
        where = "--chain", str(self._chain.w3.eth.chain_id), "--contract", contract.address
        qf("payouts", "attest", str(self._payouts_file), *where, "--key-file", str(key), "-o", attestation)

    def verify(self) -> None:
        """Verify the bundle from the chain alone, and that everything adds up."""
        heading(7, "Anybody verifies it, from the chain alone")
        contract, payouts = self._payday.contract, read_payouts(self._payouts_file)
        qf("payouts", "signer", f"{OUTPUT}/attestation.json", "--payouts", str(self._payouts_file))
        qf("verify", str(self._bundle), "--rpc", self._node, "--payout", contract.address)
        given = require_donations(self._vault, OUTPUT / "donations.csv")
        require_payouts(self._bundle, payouts, contract, self._paid)
        require_empty(self._vault)
        heading(8, "It adds up")
        facts(closing(self._bundle, payouts, given))

    def say_where(self) -> None:
        """Say where everything is."""
        heading(9, "Where it is")
        vault = self._vault
        facts(
            {
                "pages of the service": self._url,
                "the round": f"{self._url}/v1/{self._office.round}",
                "OpenAPI document": f"{self._url}/v1/openapi.json",
                "keys of its tokens": f"{self._url}/.well-known/jwks.json",
                f"node of chain {CHAIN}": self._node,
                "DonationRound": vault.round.address,
                "MatchingPayout": self._payday.contract.address,
                "JPYX, USDX": f"{vault.yen.address}, {vault.dollar.address}",
            }
        )
        say("Keys of wallets to sign in with, and for nothing else:")
        people = {"an operator": self._operator, "a second one": self._second, "a donor": self._donor}
        facts({name: f"0x{wallet.key.hex()}" for name, wallet in people.items()})


if __name__ == "__main__":
    main()
