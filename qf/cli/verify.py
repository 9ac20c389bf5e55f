"""`qf verify`: recompute every digest and number of a bundle."""

from __future__ import annotations

import typer

from qf.cli.options import BundleFolder, Json
from qf.cli.output import Exit, amount_text, fact, out, print_json, progress


def verify_command(bundle: BundleFolder, as_json: Json = False) -> None:
    """Recompute a bundle. Exit 1, naming the first thing that differs, if it does not hold."""
    from qf.codec import result_digest
    from qf.errors import VerificationError
    from qf.verify import verify

    try:
        with progress("recomputing"):
            result = verify(bundle)
    except VerificationError as error:
        if not as_json:
            raise
        print_json({"verified": False, "where": error.where, "published": error.published, "computed": error.computed})
        raise typer.Exit(Exit.NO) from None
    digest = result_digest(bundle)
    if as_json:
        print_json({"verified": True, "digest": digest, "payouts": result.payouts, "unspent": result.unspent})
        return
    pool = result.round.pool
    paid = amount_text(pool.amount - result.unspent, pool.decimals, pool.token or result.round.unit)
    told = f"verified: {len(result.projects):,} projects, {result.donations:,} donations, {paid} paid"
    out.print(told, style="green", soft_wrap=True)
    fact("digest", digest)
