"""Parameters of mechanisms: what is read, what is refused, and that all of it is named at once."""

from __future__ import annotations

import pytest

from qf import RoundError
from qf.mechanisms import mechanism
from qf.round import WeightConvention

INSIDE = WeightConvention.INSIDE_ROOT


def test_terms_when_parameters_are_wrong_then_all_are_named() -> None:
    with pytest.raises(RoundError) as error:
        mechanism("pairwise").terms({"strenght": "3", "strength": "0", "variant": "best"}, INSIDE)
    told = str(error.value)
    assert len(error.value.problems) == 3
    assert "did you mean strength?" in told and "is not positive" in told and "bounded, clr" in told


def test_terms_when_the_mechanism_cannot_apply_the_convention_then_those_it_can_are_named() -> None:
    with pytest.raises(RoundError, match="alpha_constrained cannot apply inside_root; use gate"):
        mechanism("alpha_constrained").terms({}, INSIDE)


def test_pairwise_when_weights_are_trust_then_only_clr_reads_them() -> None:
    with pytest.raises(RoundError, match="only the variant clr knows trust"):
        mechanism("pairwise").terms({}, WeightConvention.TRUST)
    assert mechanism("pairwise").terms({"variant": "clr"}, WeightConvention.TRUST).parameters["variant"] == "clr"


def test_mix_when_a_part_is_wrong_then_the_part_is_named() -> None:
    parameters = {"first": "pairwise", "first.strength": "much", "second.root_bits": "99"}
    with pytest.raises(RoundError) as error:
        mechanism("mix").terms(parameters, INSIDE)
    told = [problem.where for problem in error.value.problems]
    assert told == ["first of the mix: [mechanism] strength", "second of the mix: [mechanism] root_bits"]


@pytest.mark.parametrize("part", ["mix", "quadratic_voting", "lottery"])
def test_mix_when_a_part_cannot_be_mixed_then_refused(part: str) -> None:
    with pytest.raises(RoundError, match="is not one of"):
        mechanism("mix").terms({"first": part}, INSIDE)


@pytest.mark.parametrize("share", ["1.01", "-0.1", "half"])
def test_mix_when_the_share_is_no_fraction_then_refused(share: str) -> None:
    with pytest.raises(RoundError, match="share"):
        mechanism("mix").terms({"share": share}, INSIDE)


def test_spelled_out_when_parts_are_inside_then_their_defaults_are_too() -> None:
    told = mechanism("mix").spelled_out({"first": "pairwise", "first.strength": "3"})
    assert told == {
        "first": "pairwise",
        "first.strength": "3",
        "first.variant": "bounded",
        "second": "quadratic",
        "second.root_bits": "24",
        "second.subtract": "direct",
        "share": "0.5",
    }
    assert mechanism("mix").terms(told, INSIDE).parameters["first.strength"] == "3"
