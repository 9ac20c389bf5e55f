// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MatchingPayout} from "../src/MatchingPayout.sol";
import {Proposal} from "../src/Proposal.sol";
import {HostileToken} from "./doubles/HostileToken.sol";
import {SmartAccount} from "./doubles/SmartAccount.sol";
import {PayoutBase} from "./PayoutBase.sol";

contract MatchingPayoutTest is PayoutBase {
    event PayoutFailed(uint256 indexed index, address indexed payee, uint256 amount);

    function setUp() public {
        pay(HostileToken.Kind.BLOCKLIST);
    }

    function wrongTurn(Proposal.State state) private view returns (bytes memory) {
        return abi.encodeWithSelector(Proposal.WrongTurn.selector, payout.turn(), state);
    }

    function test_proposal_is_the_operators_funded_and_alone() public {
        vm.expectRevert(abi.encodeWithSelector(Proposal.NotOperator.selector, address(this)));
        payout.propose("root", "digest", TOTAL, 4);
        vm.expectRevert(abi.encodeWithSelector(Proposal.Underfunded.selector, TOTAL + 1, TOTAL));
        vm.prank(operator);
        payout.propose("root", "digest", TOTAL + 1, 4);
        vm.expectRevert(Proposal.WrongProposal.selector);
        vm.prank(operator);
        payout.propose(0, "digest", TOTAL, 4);
        propose();
        vm.expectRevert(wrongTurn(Proposal.State.PROPOSED));
        vm.prank(operator);
        payout.propose("root", "digest", TOTAL, 4);
    }

    function test_nothing_is_paid_in_the_challenge_period() public {
        bytes32[] memory path = proof(0);
        vm.expectRevert(MatchingPayout.NotFinal.selector);
        payout.claim(0, payees[0], 10, path);
        propose();
        vm.warp(START + PERIOD - 1);
        vm.expectRevert(MatchingPayout.NotFinal.selector);
        payout.claim(0, payees[0], 10, path);
        vm.warp(START + PERIOD);
        payout.claim(0, payees[0], 10, path);
        equal(token.balanceOf(payees[0]), 10, "paid");
    }

    function test_challenge_needs_another_root_the_bond_and_to_be_in_time() public {
        propose();
        bytes32 same = root();
        vm.expectRevert(Proposal.SameRoot.selector);
        vm.prank(anybody);
        payout.challenge{value: BOND}(1, same, "");
        vm.expectRevert(abi.encodeWithSelector(Proposal.WrongBond.selector, BOND, BOND - 1));
        vm.prank(anybody);
        payout.challenge{value: BOND - 1}(1, "another", "");
        vm.expectRevert(wrongTurn(Proposal.State.PROPOSED));
        vm.prank(anybody);
        payout.challenge{value: BOND}(0, "another", "");
        vm.warp(START + PERIOD);
        vm.expectRevert(abi.encodeWithSelector(Proposal.TooLate.selector, START + PERIOD, START + PERIOD));
        vm.prank(anybody);
        payout.challenge{value: BOND}(1, "another", "");
    }

    function test_upheld_challenge_voids_and_returns_the_bond() public {
        propose();
        challenge();
        vm.expectRevert(abi.encodeWithSelector(Proposal.NotArbiter.selector, operator));
        vm.prank(operator);
        payout.uphold(2);
        vm.prank(arbiter);
        payout.uphold(2);
        vm.prank(anybody);
        payout.takeBond();
        equal(anybody.balance, 100 ether, "bond back");
        vm.expectRevert(Proposal.NothingToTake.selector);
        vm.prank(anybody);
        payout.takeBond();
        finish();
        claim(3);
        equal(token.balanceOf(payees[3]), 40, "a second proposal pays");
    }

    function test_dismissed_challenge_restarts_the_period_and_costs_the_bond() public {
        propose();
        vm.warp(START + PERIOD - 1);
        challenge();
        vm.warp(START + PERIOD + 9);
        vm.prank(arbiter);
        payout.dismiss(2);
        vm.warp(START + 2 * PERIOD + 8);
        ensure(!payout.isFinal(), "the period starts again");
        vm.warp(START + 2 * PERIOD + 9);
        ensure(payout.isFinal(), "and ends");
        vm.prank(sponsor);
        payout.takeBond();
        equal(sponsor.balance, BOND, "bond to the sponsor");
    }

    function test_late_answer_of_the_arbiter_meets_no_other_challenge() public {
        propose();
        challenge();
        vm.prank(arbiter);
        payout.dismiss(2);
        challenge();
        vm.expectRevert(wrongTurn(Proposal.State.CHALLENGED));
        vm.prank(arbiter);
        payout.dismiss(2);
    }

    function test_silent_arbiter_voids_the_proposal() public {
        propose();
        challenge();
        vm.warp(START + ARBITER_PERIOD - 1);
        vm.expectRevert(
            abi.encodeWithSelector(Proposal.TooEarly.selector, START + ARBITER_PERIOD - 1, START + ARBITER_PERIOD)
        );
        payout.lapse();
        vm.warp(START + ARBITER_PERIOD);
        vm.expectRevert(
            abi.encodeWithSelector(Proposal.TooLate.selector, START + ARBITER_PERIOD, START + ARBITER_PERIOD)
        );
        vm.prank(arbiter);
        payout.dismiss(2);
        payout.lapse();
        equal(payout.bondOf(anybody), BOND, "bond back");
        ensure(payout.state() == Proposal.State.NONE, "void");
    }

    function testFuzz_only_what_is_in_the_tree_is_paid(uint256 index, address payee, uint256 amount) public {
        finish();
        index = bound(index, 0, 3);
        vm.assume(payee != payees[index] || amount != amounts[index]);
        bytes32[] memory path = proof(index);
        vm.expectRevert(abi.encodeWithSelector(MatchingPayout.WrongProof.selector, index));
        payout.claim(index, payee, amount, path);
    }

    function test_paid_once_by_whatever_door() public {
        finish();
        claim(2);
        MatchingPayout.Claim[] memory claims = all();
        vm.expectRevert(abi.encodeWithSelector(MatchingPayout.AlreadyPaid.selector, 2));
        payout.claim(2, payees[2], 30, claims[2].proof);
        vm.expectRevert(abi.encodeWithSelector(MatchingPayout.AlreadyPaid.selector, 2));
        vm.prank(payees[2]);
        payout.claimTo(2, 30, claims[2].proof, anybody);
        payout.push(claims);
        payout.push(claims);
        for (uint256 i; i < 4; ++i) {
            equal(token.balanceOf(payees[i]), amounts[i], "paid once");
        }
        equal(payout.paid(), TOTAL, "paid");
    }

    function test_tree_that_says_more_than_the_total_pays_the_total_at_most() public {
        bytes32 made = root();
        vm.prank(operator);
        payout.propose(made, "digest", 55, 4);
        vm.warp(START + PERIOD);
        claim(3);
        bytes32[] memory path = proof(2);
        vm.expectRevert(abi.encodeWithSelector(MatchingPayout.MoreThanTotal.selector, 2));
        payout.claim(2, payees[2], 30, path);
    }

    function test_index_beyond_the_payees_is_refused() public {
        bytes32 made = root();
        vm.prank(operator);
        payout.propose(made, "digest", TOTAL, 3);
        vm.warp(START + PERIOD);
        bytes32[] memory path = proof(3);
        vm.expectRevert(abi.encodeWithSelector(MatchingPayout.WrongProof.selector, 3));
        payout.claim(3, payees[3], 40, path);
    }

    function test_batch_passes_over_a_blocked_payee_who_is_paid_elsewhere_later() public {
        finish();
        token.arm(payees[1], "", 10_000);
        MatchingPayout.Claim[] memory claims = all();
        vm.expectEmit();
        emit PayoutFailed(1, payees[1], 20);
        payout.push(claims);
        equal(payout.paid(), 80, "all but one");
        ensure(!payout.isPaid(1), "stays claimable");
        vm.expectRevert(abi.encodeWithSelector(MatchingPayout.WrongProof.selector, 1));
        vm.prank(anybody);
        payout.claimTo(1, 20, claims[1].proof, anybody);
        vm.prank(payees[1]);
        payout.claimTo(1, 20, claims[1].proof, address(0xB2));
        equal(token.balanceOf(address(0xB2)), 20, "paid elsewhere");
    }

    function test_coins_to_payees_that_refuse_burn_gas_or_reenter() public {
        payInCoins();
        for (uint256 i; i < 3; ++i) {
            payees[i] = address(new SmartAccount(anybody));
        }
        finish();
        MatchingPayout.Claim[] memory claims = all();
        SmartAccount(payable(payees[0])).behave(SmartAccount.Manner.REFUSES, address(0), "");
        SmartAccount(payable(payees[1])).behave(SmartAccount.Manner.BURNS_GAS, address(0), "");
        bytes memory again = abi.encodeCall(MatchingPayout.push, (claims));
        SmartAccount(payable(payees[2])).behave(SmartAccount.Manner.REENTERS, address(payout), again);
        payout.push(claims);
        equal(payout.paid(), amounts[2] + amounts[3], "those who accept");
        ensure(!SmartAccount(payable(payees[2])).entered(), "came in again");
        equal(payees[2].balance, 30, "paid once");
        SmartAccount(payable(payees[0])).behave(SmartAccount.Manner.ACCEPTS, address(0), "");
        payout.push(claims);
        equal(payees[0].balance, 10, "retried");
    }

    function test_bonds_are_no_part_of_a_pool_of_coins() public {
        payInCoins();
        propose();
        challenge();
        vm.prank(arbiter);
        payout.uphold(2);
        bytes32 made = root();
        vm.expectRevert(abi.encodeWithSelector(Proposal.Underfunded.selector, TOTAL + 1, TOTAL));
        vm.prank(operator);
        payout.propose(made, "digest", TOTAL + 1, 4);
        vm.warp(SWEEP_AFTER);
        payout.sweep();
        equal(sponsor.balance, TOTAL, "the pool");
        vm.prank(anybody);
        payout.takeBond();
        equal(anybody.balance, 100 ether - TOTAL, "the bond is whole");
    }

    function test_sweep_waits_for_the_date_and_for_those_who_can_claim() public {
        finish();
        claim(0);
        vm.warp(SWEEP_AFTER - 1);
        vm.expectRevert(abi.encodeWithSelector(Proposal.TooEarly.selector, SWEEP_AFTER - 1, SWEEP_AFTER));
        payout.sweep();
        vm.warp(SWEEP_AFTER);
        payout.sweep();
        equal(token.balanceOf(sponsor), 90, "the remainder");
        vm.expectRevert(Proposal.NothingToTake.selector);
        payout.sweep();
    }

    function test_late_proposal_keeps_a_time_to_claim_before_the_sweep() public {
        vm.warp(SWEEP_AFTER - 1);
        propose();
        equal(payout.sweepableAt(), SWEEP_AFTER - 1 + 2 * PERIOD, "sweepable");
        challenge();
        vm.warp(SWEEP_AFTER);
        vm.expectRevert(abi.encodeWithSelector(Proposal.TooEarly.selector, SWEEP_AFTER, type(uint64).max));
        payout.sweep();
        vm.prank(arbiter);
        payout.uphold(2);
        bytes32 made = root();
        vm.expectRevert(abi.encodeWithSelector(Proposal.TooLate.selector, SWEEP_AFTER, SWEEP_AFTER));
        vm.prank(operator);
        payout.propose(made, "digest", TOTAL, 4);
        payout.sweep();
        equal(token.balanceOf(sponsor), TOTAL, "all of it");
    }

    function test_result_is_hashed_by_eip712() public view {
        bytes32 typehash =
            keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        bytes32 domain =
            keccak256(abi.encode(typehash, keccak256("MatchingPayout"), keccak256("1"), block.chainid, payout));
        typehash = keccak256("Result(bytes32 resultDigest,bytes32 root,address token,uint256 total)");
        bytes32 hash = keccak256(abi.encode(typehash, bytes32("digest"), bytes32("root"), token, TOTAL));
        hash = keccak256(abi.encodePacked("\x19\x01", domain, hash));
        equal(payout.hashResult("digest", "root", TOTAL), hash, "digest");
    }

    function test_constructor_and_funding_refuse_what_makes_no_payout() public {
        vm.expectRevert(Proposal.WrongTerms.selector);
        new MatchingPayout(address(0xdead), operator, arbiter, sponsor, 1, 1, SWEEP_AFTER, 0);
        vm.expectRevert(Proposal.WrongTerms.selector);
        new MatchingPayout(NATIVE, operator, arbiter, address(0), 1, 1, SWEEP_AFTER, 0);
        vm.prank(anybody);
        (bool sent,) = address(payout).call{value: 1}("");
        ensure(!sent, "a payout of tokens takes no coins");
    }
}
