// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MatchingPayout} from "../src/MatchingPayout.sol";
import {HostileToken} from "./doubles/HostileToken.sol";
import {Base} from "./Base.sol";

/// @notice A payout of 10, 20, 30 and 40 to four payees, with the tree in full.
abstract contract PayoutBase is Base {
    address internal constant NATIVE = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;
    uint64 internal constant START = 1_000;
    uint64 internal constant PERIOD = 100;
    uint64 internal constant ARBITER_PERIOD = 50;
    uint64 internal constant SWEEP_AFTER = 5_000;
    uint256 internal constant BOND = 1 ether;
    uint256 internal constant TOTAL = 100;

    address internal operator = address(0x0b);
    address internal arbiter = address(0xAB);
    address internal sponsor = address(0x59);
    address internal anybody = address(0xEE);
    address[4] internal payees = [address(0xA1), address(0xA2), address(0xA3), address(0xA4)];
    uint256[4] internal amounts = [uint256(10), 20, 30, 40];
    HostileToken internal token;
    MatchingPayout internal payout;

    function pay(HostileToken.Kind kind) internal {
        vm.warp(START);
        token = new HostileToken(kind, 18);
        payout = payoutOf(address(token));
        token.mint(address(payout), TOTAL);
        vm.deal(anybody, 100 ether);
    }

    function payInCoins() internal {
        vm.warp(START);
        payout = payoutOf(NATIVE);
        vm.deal(anybody, 100 ether);
        vm.prank(anybody);
        (bool sent,) = address(payout).call{value: TOTAL}("");
        ensure(sent, "funded");
    }

    function payoutOf(address taken) internal returns (MatchingPayout) {
        return new MatchingPayout(taken, operator, arbiter, sponsor, PERIOD, ARBITER_PERIOD, SWEEP_AFTER, BOND);
    }

    function leaf(uint256 index) internal view returns (bytes32) {
        return payout.leafOf(index, payees[index], amounts[index]);
    }

    function pair(bytes32 a, bytes32 b) internal pure returns (bytes32) {
        return a < b ? keccak256(abi.encodePacked(a, b)) : keccak256(abi.encodePacked(b, a));
    }

    function root() internal view returns (bytes32) {
        return pair(pair(leaf(0), leaf(1)), pair(leaf(2), leaf(3)));
    }

    function proof(uint256 index) internal view returns (bytes32[] memory path) {
        path = new bytes32[](2);
        path[0] = leaf(index ^ 1);
        path[1] = index < 2 ? pair(leaf(2), leaf(3)) : pair(leaf(0), leaf(1));
    }

    function propose() internal {
        bytes32 made = root();
        vm.prank(operator);
        payout.propose(made, "digest", TOTAL, 4);
    }

    function finish() internal {
        propose();
        vm.warp(START + PERIOD);
    }

    function claim(uint256 index) internal {
        bytes32[] memory path = proof(index);
        vm.prank(anybody);
        payout.claim(index, payees[index], amounts[index], path);
    }

    function all() internal view returns (MatchingPayout.Claim[] memory claims) {
        claims = new MatchingPayout.Claim[](4);
        for (uint256 i; i < 4; ++i) {
            claims[i] = MatchingPayout.Claim(i, payees[i], amounts[i], proof(i));
        }
    }

    function challenge() internal {
        uint256 turn = payout.turn();
        vm.prank(anybody);
        payout.challenge{value: BOND}(turn, "another root", "where the working is");
    }
}
