// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MatchingPayout} from "../src/MatchingPayout.sol";
import {Proposal} from "../src/Proposal.sol";
import {HostileToken} from "./doubles/HostileToken.sol";
import {PayoutBase} from "./PayoutBase.sol";

/// @notice Proposes, challenges, answers, claims, pushes, blocks and sweeps, in any order and at any time, in a token or in coins.
contract Paying is PayoutBase {
    bool private _coins;

    constructor(bool coins) {
        _coins = coins;
        payees = [address(0xA1), address(0xA2), address(0xA3), address(0xA4)];
        if (coins) standBesideABond();
        else pay(HostileToken.Kind.BLOCKLIST);
        vm.deal(anybody, 10 ** 30);
    }

    /// @dev Coins begin with a final proposal, which can be claimed and swept, and the bond of an earlier challenge.
    function standBesideABond() private {
        payInCoins();
        propose();
        challenge();
        vm.prank(arbiter);
        payout.uphold(2);
        propose();
        vm.warp(SWEEP_AFTER);
    }

    function proposeTree() external {
        propose();
    }

    function wait(uint256 seconds_) external {
        vm.warp(block.timestamp + bound(seconds_, 1, 20 * PERIOD));
    }

    function object() external {
        challenge();
    }

    function answer(bool upheld) external {
        uint256 turn = payout.turn();
        vm.prank(arbiter);
        if (upheld) payout.uphold(turn);
        else payout.dismiss(turn);
    }

    function lapse() external {
        payout.lapse();
    }

    function claimOne(uint256 index) external {
        claim(index % 4);
    }

    function claimElsewhere(uint256 index) external {
        index %= 4;
        bytes32[] memory path = proof(index);
        vm.prank(payees[index]);
        payout.claimTo(index, amounts[index], path, payees[index]);
    }

    function pushAll() external {
        payout.push(all());
    }

    function block_(uint256 index) external {
        token.arm(payees[index % 4], "", 10_000);
    }

    function unblock() external {
        token.disarm();
    }

    function sweep() external {
        payout.sweep();
    }

    function takeBonds() external {
        vm.prank(anybody);
        payout.takeBond();
    }

    function received(uint256 index) external view returns (uint256) {
        return balance(payees[index]);
    }

    function owed(uint256 index) external view returns (uint256) {
        return amounts[index];
    }

    function kept() external view returns (uint256) {
        return balance(address(payout)) + balance(sponsor) - (_coins ? payout.bonds() : 0);
    }

    function balance(address owner) private view returns (uint256) {
        return _coins ? owner.balance : token.balanceOf(owner);
    }

    function thePayout() external view returns (MatchingPayout) {
        return payout;
    }
}

abstract contract PayoutInvariants is PayoutBase {
    Paying private _paying;

    function begin(bool coins) internal {
        _paying = new Paying(coins);
        payout = _paying.thePayout();
        _targets.push(address(_paying));
    }

    function invariant_each_payee_has_its_payout_or_nothing_and_paid_is_their_sum() public view {
        uint256 sum;
        for (uint256 i; i < 4; ++i) {
            uint256 received = _paying.received(i);
            equal(received, payout.isPaid(i) ? _paying.owed(i) : 0, "its payout or nothing");
            sum += received;
        }
        equal(sum, payout.paid(), "paid");
        equal(sum + _paying.kept(), TOTAL, "nothing is lost");
        ensure(payout.paid() <= payout.total(), "never more than the total");
    }

    function invariant_bonds_are_there() public view {
        uint256 pledged = payout.state() == Proposal.State.CHALLENGED ? BOND : 0;
        equal(payout.bonds(), payout.bondOf(anybody) + payout.bondOf(sponsor) + pledged, "bonds");
        ensure(address(payout).balance >= payout.bonds(), "held");
    }
}

contract MatchingPayoutInvariants is PayoutInvariants {
    function setUp() public {
        begin(false);
    }
}

contract MatchingPayoutInvariantsInCoins is PayoutInvariants {
    function setUp() public {
        begin(true);
    }
}
