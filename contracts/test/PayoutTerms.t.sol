// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MatchingPayout} from "../src/MatchingPayout.sol";
import {Proposal} from "../src/Proposal.sol";
import {PayoutBase} from "./PayoutBase.sol";

/// @notice No terms keep money for ever, and no bond pays a payout.
contract PayoutTermsTest is PayoutBase {
    event PayoutFailed(uint256 indexed index, address indexed payee, uint256 amount);

    uint64 private constant _LATEST = START + 5 * 365 days;

    function setUp() public {
        payInCoins();
    }

    function refusesPeriods(uint64 challengePeriod, uint64 arbiterPeriod, uint64 wrong) private {
        vm.expectRevert(abi.encodeWithSelector(Proposal.WrongPeriod.selector, wrong, 365 days));
        new MatchingPayout(NATIVE, operator, arbiter, sponsor, challengePeriod, arbiterPeriod, SWEEP_AFTER, 0);
    }

    function refusesSweepAfter(uint64 wrong) private {
        vm.expectRevert(abi.encodeWithSelector(Proposal.WrongSweepAfter.selector, wrong, _LATEST));
        new MatchingPayout(NATIVE, operator, arbiter, sponsor, PERIOD, ARBITER_PERIOD, wrong, 0);
    }

    function test_periods_are_more_than_nothing_and_a_year_at_most() public {
        refusesPeriods(0, 1, 0);
        refusesPeriods(1, 0, 0);
        refusesPeriods(366 days, 1, 366 days);
        refusesPeriods(1, 366 days, 366 days);
        new MatchingPayout(NATIVE, operator, arbiter, sponsor, 365 days, 365 days, SWEEP_AFTER, 0);
    }

    function test_sweep_is_possible_five_years_after_deployment_at_the_latest() public {
        refusesSweepAfter(START);
        refusesSweepAfter(_LATEST + 1);
        refusesSweepAfter(1_900_000_000_000);
        refusesSweepAfter(type(uint64).max);
        new MatchingPayout(NATIVE, operator, arbiter, sponsor, PERIOD, ARBITER_PERIOD, _LATEST, 0);
    }

    function test_bonds_pay_nobody_after_the_sweep() public {
        propose();
        challenge();
        vm.prank(arbiter);
        payout.uphold(2);
        propose();
        vm.warp(SWEEP_AFTER);
        payout.sweep();
        bytes32[] memory path = proof(3);
        bytes memory notFunded = abi.encodeWithSelector(MatchingPayout.NotFunded.selector, 40, 0);
        vm.expectRevert(notFunded);
        payout.claim(3, payees[3], 40, path);
        vm.expectRevert(notFunded);
        vm.prank(payees[3]);
        payout.claimTo(3, 40, path, anybody);
        MatchingPayout.Claim[] memory claims = all();
        for (uint256 i; i < 4; ++i) {
            vm.expectEmit();
            emit PayoutFailed(i, payees[i], amounts[i]);
        }
        payout.push(claims);
        equal(payout.paid(), 0, "nobody is paid");
        vm.prank(anybody);
        payout.takeBond();
        equal(anybody.balance, 100 ether - TOTAL, "the bond is whole");
    }
}
