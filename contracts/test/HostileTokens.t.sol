// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Books} from "../src/Books.sol";
import {DonationRound} from "../src/DonationRound.sol";
import {Line} from "../src/Cart.sol";
import {HostileToken} from "./doubles/HostileToken.sol";
import {RoundBase} from "./RoundBase.sol";

contract HostileTokensTest is RoundBase {
    uint256 private constant SUPPLY = 10 ** 30;

    function armed(HostileToken.Kind kind) private returns (HostileToken bad) {
        bad = hostile(kind, 18, SUPPLY);
        bad.arm(address(vault), "", 10_000);
    }

    function testFuzz_fee_on_transfer_credits_what_arrived_to_the_last_unit(uint256 well, uint256 library_) public {
        HostileToken bad = armed(HostileToken.Kind.FEE);
        (well, library_) = (bound(well, 2, SUPPLY / 2), bound(library_, 2, SUPPLY / 2));
        give(two(address(bad), well, library_));
        uint256 arrived = well + library_ - (well + library_) / 40;
        equal(bad.balanceOf(address(vault)), arrived, "arrived");
        equal(vault.total(address(bad)), arrived, "total");
        equal(vault.credited(WELL, address(bad)), (arrived * well) / (well + library_), "first");
        uint256 both = vault.credited(WELL, address(bad)) + vault.credited(LIBRARY, address(bad));
        equal(both, arrived, "both");
    }

    function test_fee_that_leaves_nothing_of_a_line_is_refused() public {
        HostileToken bad = armed(HostileToken.Kind.FEE);
        vm.expectRevert(abi.encodeWithSelector(Books.NothingReceived.selector, 0));
        give(two(address(bad), 1, 40));
    }

    function test_no_return_value_is_taken_and_paid_out() public {
        HostileToken bad = armed(HostileToken.Kind.NO_RETURN);
        give(one(WELL, address(bad), 5));
        vault.withdraw(WELL, address(bad));
        equal(bad.balanceOf(wellPayee), 5, "paid");
    }

    function test_false_as_answer_is_refused() public {
        HostileToken bad = armed(HostileToken.Kind.RETURNS_FALSE);
        vm.expectRevert();
        give(one(WELL, address(bad), 5));
    }

    function test_liar_that_moves_nothing_is_refused() public {
        HostileToken bad = armed(HostileToken.Kind.LIAR);
        vm.expectRevert(abi.encodeWithSelector(Books.NothingReceived.selector, 0));
        give(one(WELL, address(bad), 5));
    }

    function test_inflating_balance_is_refused() public {
        HostileToken bad = armed(HostileToken.Kind.INFLATING);
        vm.expectRevert(abi.encodeWithSelector(Books.ReceivedTooMuch.selector, address(bad), 5, 10));
        give(one(WELL, address(bad), 5));
    }

    /// @dev Not protected: a token that forges the balance exactly is believed. It must not be on the list.
    function test_forged_balance_is_believed_which_is_why_tokens_are_listed() public {
        HostileToken bad = armed(HostileToken.Kind.FORGING);
        give(one(WELL, address(bad), 5));
        equal(vault.total(address(bad)), 5, "believed");
        equal(bad.balanceOf(donor), SUPPLY, "and nothing was given");
    }

    function test_reentrant_token_cannot_give_or_take_inside_a_donation() public {
        HostileToken bad = hostile(HostileToken.Kind.REENTRANT, 18, SUPPLY);
        give(one(WELL, address(bad), 5));
        bytes[3] memory calls = [
            abi.encodeCall(Books.withdraw, (WELL, address(bad))),
            abi.encodeCall(DonationRound.donate, (one(WELL, address(bad), 1))),
            abi.encodeCall(DonationRound.donateFor, (donor, one(WELL, address(bad), 1), 0, 0, "", _permits()))
        ];
        for (uint256 i; i < calls.length; ++i) {
            bad.arm(address(vault), calls[i], 10_000);
            give(one(WELL, address(bad), 5));
            ensure(!bad.entered(), "came in");
        }
        equal(vault.count(), 4, "count");
        equal(vault.held(address(bad)), 20, "held");
    }

    function _permits() private pure returns (DonationRound.Permit[] memory) {
        return new DonationRound.Permit[](0);
    }

    function test_blocked_payee_keeps_its_money_and_can_move_it() public {
        HostileToken bad = hostile(HostileToken.Kind.BLOCKLIST, 6, SUPPLY);
        give(two(address(bad), 5, 6));
        bad.arm(wellPayee, "", 10_000);
        vm.expectRevert(HostileToken.Refused.selector);
        vault.withdraw(WELL, address(bad));
        vault.withdraw(LIBRARY, address(bad));
        vm.prank(wellPayee);
        vault.movePayee(WELL, address(0xA9));
        vault.withdraw(WELL, address(bad));
        equal(bad.balanceOf(address(0xA9)), 5, "paid elsewhere");
    }

    function test_paused_token_waits() public {
        HostileToken bad = hostile(HostileToken.Kind.PAUSED, 6, SUPPLY);
        give(one(WELL, address(bad), 5));
        bad.arm(address(0), "", 10_000);
        vm.expectRevert(HostileToken.Refused.selector);
        give(one(WELL, address(bad), 5));
        vm.expectRevert(HostileToken.Refused.selector);
        vault.withdraw(WELL, address(bad));
        bad.disarm();
        vault.withdraw(WELL, address(bad));
        equal(bad.balanceOf(wellPayee), 5, "paid");
    }

    function test_rebasing_down_is_refused_from_then_on() public {
        HostileToken bad = hostile(HostileToken.Kind.REBASING, 18, SUPPLY);
        give(one(WELL, address(bad), 100));
        bad.arm(address(0), "", 9_000);
        vm.expectRevert(abi.encodeWithSelector(Books.HoldsTooLittle.selector, address(bad), 100, 90));
        give(one(WELL, address(bad), 100));
    }

    function test_rebasing_up_credits_nobody() public {
        HostileToken bad = hostile(HostileToken.Kind.REBASING, 18, SUPPLY);
        give(one(WELL, address(bad), 100));
        bad.arm(address(0), "", 11_000);
        vm.expectRevert(abi.encodeWithSelector(Books.ReceivedTooMuch.selector, address(bad), 100, 110));
        give(one(WELL, address(bad), 100));
        equal(vault.total(address(bad)), 100, "total");
    }

    function test_decimals_change_nothing() public {
        uint8[6] memory decimals = [0, 2, 6, 8, 18, 24];
        for (uint256 i; i < decimals.length; ++i) {
            HostileToken plain = hostile(HostileToken.Kind.PLAIN, decimals[i], SUPPLY);
            give(two(address(plain), 1, 10 ** decimals[i]));
            equal(vault.total(address(plain)), 1 + 10 ** decimals[i], "total");
        }
    }

    function test_largest_amount_is_taken_once_and_paid_out() public {
        uint256 most = type(uint256).max;
        HostileToken plain = hostile(HostileToken.Kind.PLAIN, 18, most);
        give(two(address(plain), most - 1, 1));
        equal(vault.total(address(plain)), most, "total");
        equal(vault.credited(WELL, address(plain)), most - 1, "first");
        vm.expectRevert();
        give(one(WELL, address(plain), 1));
        vault.withdraw(WELL, address(plain));
        vault.withdraw(LIBRARY, address(plain));
        equal(plain.balanceOf(wellPayee), most - 1, "paid");
    }

    function test_largest_amount_with_a_fee_is_shared_without_overflow() public {
        uint256 most = type(uint256).max;
        HostileToken bad = hostile(HostileToken.Kind.FEE, 18, most);
        bad.arm(address(0), "", 10_000);
        give(two(address(bad), most / 2, most - most / 2));
        equal(vault.total(address(bad)), most - most / 40, "total");
    }
}
