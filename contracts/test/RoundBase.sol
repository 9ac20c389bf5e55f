// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Books, Project} from "../src/Books.sol";
import {DonationRound} from "../src/DonationRound.sol";
import {Line} from "../src/Cart.sol";
import {DemoToken} from "../src/DemoToken.sol";
import {HostileToken} from "./doubles/HostileToken.sol";
import {Base} from "./Base.sol";

/// @notice A round with two projects that takes one token and the coin of the chain, and a donor who has both.
abstract contract RoundBase is Base {
    address internal constant NATIVE = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;
    bytes32 internal constant WELL = "well";
    bytes32 internal constant LIBRARY = "library";
    uint64 internal constant OPENS = 1_000;
    uint64 internal constant CLOSES = 2_000;
    uint256 internal constant DONOR_KEY = 0xD0;

    address internal operator = address(0x0b);
    address internal wellPayee = address(0xA1);
    address internal libraryPayee = address(0xA2);
    address internal relayer = address(0xBE);
    address internal donor = vm.addr(DONOR_KEY);
    DemoToken internal token;
    DonationRound internal vault;

    function setUp() public virtual {
        token = new DemoToken("Demo", "DEMO", 6);
        vault = roundOf(address(token));
        token.mint(donor, 1_000_000);
        vm.deal(donor, 1_000 ether);
        vm.prank(donor);
        token.approve(address(vault), type(uint256).max);
        vm.warp(OPENS);
    }

    function roundOf(address taken) internal returns (DonationRound) {
        address[] memory tokens = new address[](2);
        (tokens[0], tokens[1]) = (taken, NATIVE);
        Project[] memory projects = new Project[](2);
        projects[0] = Project(WELL, wellPayee);
        projects[1] = Project(LIBRARY, libraryPayee);
        return new DonationRound(operator, OPENS, CLOSES, tokens, projects);
    }

    /// @dev A round that takes a token which misbehaves, and a donor who allowed it to take everything.
    function hostile(HostileToken.Kind kind, uint8 decimals, uint256 supply) internal returns (HostileToken bad) {
        bad = new HostileToken(kind, decimals);
        vault = roundOf(address(bad));
        bad.mint(donor, supply);
        vm.prank(donor);
        bad.approve(address(vault), type(uint256).max);
    }

    function one(bytes32 project, address taken, uint256 amount) internal pure returns (Line[] memory lines) {
        lines = new Line[](1);
        lines[0] = Line(project, taken, amount, "memo");
    }

    function two(address taken, uint256 well, uint256 library_) internal pure returns (Line[] memory lines) {
        lines = new Line[](2);
        lines[0] = Line(WELL, taken, well, "first");
        lines[1] = Line(LIBRARY, taken, library_, "second");
    }

    function give(Line[] memory lines) internal {
        vm.prank(donor);
        vault.donate(lines);
    }

    function signature(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }
}
