// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Books, Project} from "../src/Books.sol";
import {DonationRound} from "../src/DonationRound.sol";
import {Line} from "../src/Cart.sol";
import {DemoToken} from "../src/DemoToken.sol";
import {SmartAccount} from "./doubles/SmartAccount.sol";
import {RoundBase} from "./RoundBase.sol";

contract DonationRoundTest is RoundBase {
    event Donated(
        uint256 indexed seq, bytes32 indexed project, address indexed donor, address token, uint256 amount, bytes32 memo
    );

    function next(bytes32 before, uint256 seq, Line memory line, uint256 amount) internal view returns (bytes32) {
        return keccak256(abi.encode(before, seq, line.project, donor, line.token, amount, line.memo));
    }

    function testFuzz_a_cart_is_counted_hashed_and_held(uint256 well, uint256 library_, uint256 coins) public {
        (well, library_) = (bound(well, 1, 500_000), bound(library_, 1, 500_000));
        coins = bound(coins, 1, 100 ether);
        Line[] memory lines = new Line[](3);
        (lines[0], lines[1]) = (two(address(token), well, library_)[0], two(address(token), well, library_)[1]);
        lines[2] = Line(WELL, NATIVE, coins, "third");
        for (uint256 i; i < 3; ++i) {
            vm.expectEmit();
            emit Donated(i, lines[i].project, donor, lines[i].token, lines[i].amount, lines[i].memo);
        }
        vm.prank(donor);
        vault.donate{value: coins}(lines);
        bytes32 hash = next(0, 0, lines[0], well);
        hash = next(next(hash, 1, lines[1], library_), 2, lines[2], coins);
        equal(vault.runningHash(), hash, "running hash");
        equal(vault.count(), 3, "count");
        equal(vault.total(address(token)), well + library_, "total");
        equal(vault.credited(LIBRARY, address(token)), library_, "credited");
        equal(token.balanceOf(address(vault)), vault.held(address(token)), "held");
        equal(address(vault).balance, vault.held(NATIVE), "coins held");
    }

    function test_window_opens_included_closes_excluded() public {
        vm.warp(OPENS - 1);
        vm.expectRevert(abi.encodeWithSelector(Books.NotOpen.selector, OPENS - 1, OPENS, CLOSES));
        give(one(WELL, address(token), 1));
        vm.warp(CLOSES - 1);
        give(one(WELL, address(token), 1));
        vm.warp(CLOSES);
        vm.expectRevert(abi.encodeWithSelector(Books.NotOpen.selector, CLOSES, OPENS, CLOSES));
        give(one(WELL, address(token), 1));
    }

    function test_what_cannot_be_a_donation_is_refused_by_name() public {
        vm.expectRevert(Books.EmptyCart.selector);
        give(new Line[](0));
        vm.expectRevert(abi.encodeWithSelector(DonationRound.ZeroAmount.selector, 1));
        give(two(address(token), 1, 0));
        vm.expectRevert(abi.encodeWithSelector(Books.UnknownProject.selector, bytes32("nobody")));
        give(one("nobody", address(token), 1));
        DemoToken other = new DemoToken("Other", "OTHER", 18);
        vm.expectRevert(abi.encodeWithSelector(Books.TokenNotAllowed.selector, address(other)));
        give(one(WELL, address(other), 1));
        vm.expectRevert();
        give(two(address(token), type(uint256).max, 1));
    }

    function test_value_must_be_the_sum_of_native_lines() public {
        vm.expectRevert(abi.encodeWithSelector(DonationRound.WrongValue.selector, 5, 0));
        give(two(NATIVE, 2, 3));
        vm.expectRevert(abi.encodeWithSelector(DonationRound.WrongValue.selector, 5, 6));
        vm.prank(donor);
        vault.donate{value: 6}(two(NATIVE, 2, 3));
        vm.expectRevert(abi.encodeWithSelector(DonationRound.WrongValue.selector, 0, 1));
        vm.prank(donor);
        vault.donate{value: 1}(one(WELL, address(token), 1));
        vm.prank(donor);
        (bool sent,) = address(vault).call{value: 1}("");
        ensure(!sent, "a plain transfer is refused");
    }

    function test_native_is_refused_where_it_is_not_listed() public {
        address[] memory tokens = new address[](1);
        tokens[0] = address(token);
        Project[] memory projects = new Project[](1);
        projects[0] = Project(WELL, wellPayee);
        vault = new DonationRound(operator, OPENS, CLOSES, tokens, projects);
        vm.expectRevert(abi.encodeWithSelector(Books.TokenNotAllowed.selector, NATIVE));
        vm.prank(donor);
        vault.donate{value: 1}(one(WELL, NATIVE, 1));
    }

    function test_token_with_other_code_than_at_deployment_is_refused_but_paid_out() public {
        give(one(WELL, address(token), 7));
        bytes memory code = address(token).code;
        vm.etch(address(token), abi.encodePacked(code, hex"00"));
        vm.expectRevert(abi.encodeWithSelector(Books.TokenCodeChanged.selector, address(token)));
        give(one(WELL, address(token), 1));
        vault.withdraw(WELL, address(token));
        equal(token.balanceOf(wellPayee), 7, "paid");
    }

    function test_tokens_sent_past_the_books_are_nobodys_donation() public {
        vm.prank(donor);
        token.transfer(address(vault), 100);
        give(one(WELL, address(token), 5));
        equal(vault.total(address(token)), 5, "total");
        vault.withdraw(WELL, address(token));
        equal(token.balanceOf(wellPayee), 5, "paid");
    }

    function test_constructor_refuses_what_makes_no_round() public {
        address[] memory tokens = new address[](1);
        Project[] memory none = new Project[](0);
        vm.expectRevert(abi.encodeWithSelector(Books.WrongWindow.selector, 5, 5));
        new DonationRound(operator, 5, 5, new address[](0), none);
        tokens[0] = address(0xdead);
        vm.expectRevert(abi.encodeWithSelector(Books.WrongToken.selector, address(0xdead)));
        new DonationRound(operator, 5, 6, tokens, none);
        tokens = new address[](2);
        (tokens[0], tokens[1]) = (NATIVE, NATIVE);
        vm.expectRevert(abi.encodeWithSelector(Books.WrongToken.selector, NATIVE));
        new DonationRound(operator, 5, 6, tokens, none);
        Project[] memory projects = new Project[](1);
        projects[0] = Project(WELL, address(0));
        vm.expectRevert(abi.encodeWithSelector(Books.WrongProject.selector, WELL, address(0)));
        new DonationRound(operator, 5, 6, new address[](0), projects);
    }

    function test_operator_may_only_add_projects_and_only_before_the_round_closes() public {
        Project[] memory projects = new Project[](1);
        projects[0] = Project("bridge", address(0xA3));
        vm.expectRevert(abi.encodeWithSelector(Books.NotOperator.selector, address(this)));
        vault.addProjects(projects);
        vm.prank(operator);
        vault.addProjects(projects);
        give(one("bridge", address(token), 3));
        vm.expectRevert(abi.encodeWithSelector(Books.WrongProject.selector, bytes32("bridge"), address(0xA3)));
        vm.prank(operator);
        vault.addProjects(projects);
        vm.warp(CLOSES);
        projects[0].project = "late";
        vm.expectRevert(abi.encodeWithSelector(Books.NotOpen.selector, CLOSES, OPENS, CLOSES));
        vm.prank(operator);
        vault.addProjects(projects);
    }

    function test_payee_alone_moves_where_it_is_paid() public {
        give(one(WELL, address(token), 10));
        vm.expectRevert(abi.encodeWithSelector(Books.NotPayee.selector, operator, WELL));
        vm.prank(operator);
        vault.movePayee(WELL, operator);
        vm.expectRevert(abi.encodeWithSelector(Books.WrongProject.selector, WELL, address(0)));
        vm.prank(wellPayee);
        vault.movePayee(WELL, address(0));
        vm.prank(wellPayee);
        vault.movePayee(WELL, address(0xA9));
        vault.withdraw(WELL, address(token));
        equal(token.balanceOf(address(0xA9)), 10, "paid elsewhere");
    }

    function test_withdraw_pays_once_and_only_the_payee() public {
        give(two(address(token), 10, 20));
        vm.warp(CLOSES + 365 days);
        vm.prank(relayer);
        vault.withdraw(WELL, address(token));
        equal(token.balanceOf(wellPayee), 10, "paid");
        equal(vault.held(address(token)), 20, "held");
        vm.expectRevert(abi.encodeWithSelector(Books.NothingToWithdraw.selector, WELL, address(token)));
        vault.withdraw(WELL, address(token));
        equal(vault.total(address(token)), 30, "total is everything ever given");
    }

    function test_payee_that_refuses_coins_blocks_nobody_else() public {
        SmartAccount refusing = new SmartAccount(donor);
        refusing.behave(SmartAccount.Manner.REFUSES, address(0), "");
        vm.prank(wellPayee);
        vault.movePayee(WELL, address(refusing));
        vm.prank(donor);
        vault.donate{value: 30}(two(NATIVE, 10, 20));
        vm.expectRevert();
        vault.withdraw(WELL, NATIVE);
        vault.withdraw(LIBRARY, NATIVE);
        equal(libraryPayee.balance, 20, "paid");
        equal(vault.held(NATIVE), 10, "kept");
    }

    function test_payee_that_reenters_is_paid_once() public {
        SmartAccount greedy = new SmartAccount(donor);
        bytes memory again = abi.encodeCall(Books.withdraw, (WELL, NATIVE));
        greedy.behave(SmartAccount.Manner.REENTERS, address(vault), again);
        vm.prank(wellPayee);
        vault.movePayee(WELL, address(greedy));
        vm.prank(donor);
        vault.donate{value: 30}(two(NATIVE, 10, 20));
        vault.withdraw(WELL, NATIVE);
        ensure(!greedy.entered(), "came in again");
        equal(address(greedy).balance, 10, "paid once");
    }
}
