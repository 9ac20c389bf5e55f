// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Books, Project} from "../src/Books.sol";
import {DonationRound} from "../src/DonationRound.sol";
import {Line} from "../src/Cart.sol";
import {HostileToken} from "./doubles/HostileToken.sol";
import {RoundBase} from "./RoundBase.sol";

/// @notice Gives, withdraws, moves and sends past the books, in three tokens, one with a fee, and in coins.
contract Giving is RoundBase {
    address[] public taken;
    address[] private _payees;
    uint256 public donations;
    bytes32 public hash;
    mapping(bytes32 => mapping(address => uint256)) private _known;

    constructor() {
        HostileToken fee = new HostileToken(HostileToken.Kind.FEE, 18);
        HostileToken plain = new HostileToken(HostileToken.Kind.PLAIN, 0);
        HostileToken silent = new HostileToken(HostileToken.Kind.NO_RETURN, 6);
        fee.arm(address(0), "", 10_000);
        taken = [address(fee), address(plain), address(silent), NATIVE];
        Project[] memory projects = new Project[](2);
        projects[0] = Project(WELL, wellPayee);
        projects[1] = Project(LIBRARY, libraryPayee);
        vault = new DonationRound(operator, OPENS, CLOSES, taken, projects);
        for (uint256 i; i < 3; ++i) {
            HostileToken(taken[i]).mint(donor, 10 ** 40);
            vm.prank(donor);
            IERC20(taken[i]).approve(address(vault), type(uint256).max);
        }
        vm.deal(donor, 10 ** 40);
        vm.warp(OPENS);
    }

    function setUp() public override {}

    function give(uint256 first, uint256 second, uint256 a, uint256 b) external {
        (a, b) = (bound(a, 2, 10 ** 20), bound(b, 2, 10 ** 20));
        Line[] memory lines = new Line[](2);
        lines[0] = Line(WELL, taken[first % 4], a, bytes32(a));
        lines[1] = Line(LIBRARY, taken[second % 4], b, bytes32(b));
        uint256 coins = (first % 4 == 3 ? a : 0) + (second % 4 == 3 ? b : 0);
        vm.prank(donor);
        vault.donate{value: coins}(lines);
        for (uint256 i; i < 2; ++i) {
            uint256 grown = vault.credited(lines[i].project, lines[i].token);
            uint256 amount = grown - _known[lines[i].project][lines[i].token];
            _known[lines[i].project][lines[i].token] = grown;
            hash = keccak256(
                abi.encode(hash, donations++, lines[i].project, donor, lines[i].token, amount, lines[i].memo)
            );
        }
    }

    function withdraw(uint256 which, bool well) external {
        vault.withdraw(well ? WELL : LIBRARY, taken[which % 4]);
    }

    function move(address payee) external {
        vm.prank(vault.payeeOf(WELL));
        vault.movePayee(WELL, payee);
    }

    function sendPastTheBooks(uint256 which, uint256 amount) external {
        vm.prank(donor);
        IERC20(taken[which % 3]).transfer(address(vault), bound(amount, 0, 10 ** 20));
    }

    function tryToTake(uint256 which, address thief) external {
        bytes memory reach = abi.encodeCall(IERC20.transfer, (thief, 1));
        vm.prank(thief);
        (bool done,) = address(vault).call(abi.encodePacked(reach, which));
        ensure(!done, "the vault has no such door");
    }

    function theVault() external view returns (DonationRound) {
        return vault;
    }
}

contract DonationRoundInvariants is RoundBase {
    Giving private _giving;

    function setUp() public override {
        vm.warp(OPENS);
        _giving = new Giving();
        vault = _giving.theVault();
        _targets.push(address(_giving));
    }

    function invariant_credited_is_held_and_withdrawn_in_every_token() public view {
        for (uint256 i; i < 4; ++i) {
            address taken = _giving.taken(i);
            uint256 both = vault.credited(WELL, taken) + vault.credited(LIBRARY, taken);
            uint256 out = vault.paidOut(WELL, taken) + vault.paidOut(LIBRARY, taken);
            equal(both, vault.total(taken), "credited is the total");
            equal(out, vault.withdrawn(taken), "paid out is withdrawn");
            equal(vault.total(taken), vault.held(taken) + vault.withdrawn(taken), "total is held and withdrawn");
            uint256 balance = taken == NATIVE ? address(vault).balance : IERC20(taken).balanceOf(address(vault));
            ensure(balance >= vault.held(taken), "held is there");
        }
    }

    function invariant_hash_and_count_are_those_of_all_donations() public view {
        equal(vault.count(), _giving.donations(), "count");
        equal(vault.runningHash(), _giving.hash(), "running hash");
    }
}
