// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Books} from "../src/Books.sol";
import {DonationRound} from "../src/DonationRound.sol";
import {IPermit2} from "../src/IPermit2.sol";
import {Line} from "../src/Cart.sol";
import {DemoToken} from "../src/DemoToken.sol";
import {Permit2Double} from "./doubles/Permit2Double.sol";
import {SmartAccount} from "./doubles/SmartAccount.sol";
import {RoundBase} from "./RoundBase.sol";

contract SignedCartsTest is RoundBase {
    bytes32 private constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
    bytes32 private constant RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );
    string private constant CART_TYPES =
        "Cart(address donor,Line[] lines,bytes32 salt,uint256 deadline)Line(bytes32 project,address token,uint256 amount,bytes32 memo)";
    DonationRound.Permit[] private _none;

    function typed(bytes32 domain, bytes32 hash) private pure returns (bytes32) {
        return keccak256(abi.encodePacked("\x19\x01", domain, hash));
    }

    function permit(uint256 value) private view returns (DonationRound.Permit[] memory permits) {
        bytes32 hash = keccak256(abi.encode(PERMIT_TYPEHASH, donor, vault, value, token.nonces(donor), CLOSES));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(DONOR_KEY, typed(token.DOMAIN_SEPARATOR(), hash));
        permits = new DonationRound.Permit[](1);
        permits[0] = DonationRound.Permit(address(token), value, CLOSES, v, r, s);
    }

    function forget() private {
        vm.prank(donor);
        token.approve(address(vault), 0);
    }

    /// @dev EIP-712 written out once more, to hold the contract to the standard and not to itself.
    function cartDigest(Line[] memory lines, bytes32 salt, uint256 deadline) private view returns (bytes32) {
        bytes32 typehash =
            keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
        bytes32 domain =
            keccak256(abi.encode(typehash, keccak256("DonationRound"), keccak256("1"), block.chainid, vault));
        return typed(domain, cartHash(lines, salt, deadline));
    }

    function cartHash(Line[] memory lines, bytes32 salt, uint256 deadline) private view returns (bytes32) {
        return keccak256(abi.encode(keccak256(bytes(CART_TYPES)), donor, linesHash(lines), salt, deadline));
    }

    function linesHash(Line[] memory lines) private pure returns (bytes32) {
        bytes32 typehash = keccak256("Line(bytes32 project,address token,uint256 amount,bytes32 memo)");
        bytes memory all;
        for (uint256 i; i < lines.length; ++i) {
            Line memory line = lines[i];
            all = abi.encodePacked(
                all, keccak256(abi.encode(typehash, line.project, line.token, line.amount, line.memo))
            );
        }
        return keccak256(all);
    }

    function test_permit_gives_in_one_transaction() public {
        forget();
        DonationRound.Permit[] memory permits = permit(30);
        vm.prank(donor);
        vault.donateWithPermit(two(address(token), 10, 20), permits);
        equal(vault.total(address(token)), 30, "total");
    }

    function test_permit_used_by_somebody_else_first_still_gives() public {
        forget();
        DonationRound.Permit memory first = permit(30)[0];
        DonationRound.Permit[] memory permits = permit(30);
        token.permit(donor, address(vault), 30, CLOSES, first.v, first.r, first.s);
        vm.prank(donor);
        vault.donateWithPermit(two(address(token), 10, 20), permits);
        equal(vault.total(address(token)), 30, "total");
    }

    function test_permit_that_fails_without_allowance_gives_nothing() public {
        forget();
        DonationRound.Permit[] memory permits = permit(30);
        permits[0].r = bytes32(uint256(1));
        vm.expectRevert();
        vm.prank(donor);
        vault.donateWithPermit(two(address(token), 10, 20), permits);
        permits[0].token = address(vault);
        vm.expectRevert(abi.encodeWithSelector(Books.TokenNotAllowed.selector, address(vault)));
        vm.prank(donor);
        vault.donateWithPermit(two(address(token), 10, 20), permits);
    }

    function testFuzz_relayed_cart_is_the_signers_and_given_once(uint256 well, uint256 library_, bytes32 salt) public {
        Line[] memory lines = two(address(token), bound(well, 1, 500_000), bound(library_, 1, 500_000));
        bytes32 digest = cartDigest(lines, salt, CLOSES);
        equal(vault.hashCart(donor, lines, salt, CLOSES), digest, "digest");
        bytes memory signed = signature(DONOR_KEY, digest);
        vm.prank(relayer);
        vault.donateFor(donor, lines, salt, CLOSES, signed, _none);
        equal(vault.credited(WELL, address(token)), lines[0].amount, "credited");
        equal(token.balanceOf(donor), 1_000_000 - lines[0].amount - lines[1].amount, "from the donor");
        vm.expectRevert(abi.encodeWithSelector(DonationRound.AlreadyGiven.selector, digest));
        vault.donateFor(donor, lines, salt, CLOSES, signed, _none);
    }

    function test_relayed_cart_with_permit_needs_no_transaction_of_the_donor() public {
        forget();
        Line[] memory lines = two(address(token), 10, 20);
        bytes memory signed = signature(DONOR_KEY, vault.hashCart(donor, lines, 0, CLOSES));
        DonationRound.Permit[] memory permits = permit(30);
        vm.prank(relayer);
        vault.donateFor(donor, lines, 0, CLOSES, signed, permits);
        equal(vault.total(address(token)), 30, "total");
    }

    function test_relayed_cart_that_was_altered_late_or_for_another_vault_is_refused() public {
        Line[] memory lines = two(address(token), 10, 20);
        bytes memory signed = signature(DONOR_KEY, vault.hashCart(donor, lines, 0, OPENS));
        lines[0].project = LIBRARY;
        vm.expectRevert(abi.encodeWithSelector(DonationRound.WrongSignature.selector, donor));
        vault.donateFor(donor, lines, 0, OPENS, signed, _none);
        lines[0].project = WELL;
        DonationRound other = roundOf(address(token));
        vm.expectRevert(abi.encodeWithSelector(DonationRound.WrongSignature.selector, donor));
        other.donateFor(donor, lines, 0, OPENS, signed, _none);
        vm.warp(OPENS + 1);
        vm.expectRevert(abi.encodeWithSelector(DonationRound.Expired.selector, OPENS));
        vault.donateFor(donor, lines, 0, OPENS, signed, _none);
    }

    function test_relayed_cart_takes_no_coins_of_the_chain() public {
        Line[] memory lines = one(WELL, NATIVE, 1);
        bytes memory signed = signature(DONOR_KEY, vault.hashCart(donor, lines, 0, CLOSES));
        vm.expectRevert(abi.encodeWithSelector(DonationRound.WrongValue.selector, 1, 0));
        vault.donateFor(donor, lines, 0, CLOSES, signed, _none);
    }

    function smart() private returns (SmartAccount account) {
        account = new SmartAccount(donor);
        token.mint(address(account), 100);
        vm.prank(address(account));
        token.approve(address(vault), 100);
    }

    function test_safe_signs_a_cart_by_erc1271_and_is_the_donor() public {
        SmartAccount account = smart();
        Line[] memory lines = one(WELL, address(token), 40);
        bytes32 digest = vault.hashCart(address(account), lines, 0, CLOSES);
        vm.expectRevert(abi.encodeWithSelector(DonationRound.WrongSignature.selector, address(account)));
        vault.donateFor(address(account), lines, 0, CLOSES, signature(0xBAD, digest), _none);
        vault.donateFor(address(account), lines, 0, CLOSES, signature(DONOR_KEY, digest), _none);
        equal(token.balanceOf(address(account)), 60, "from the account");
        bytes32 hash = keccak256(abi.encode(bytes32(0), 0, WELL, account, token, 40, bytes32("memo")));
        equal(vault.runningHash(), hash, "the account is the donor");
    }

    function test_erc4337_account_that_a_bundler_calls_is_the_donor() public {
        SmartAccount account = smart();
        bytes memory operation = abi.encodeCall(DonationRound.donate, (one(WELL, address(token), 40)));
        bytes32 hash = account.operationHash(address(vault), 0, operation);
        vm.prank(relayer);
        account.execute(address(vault), 0, operation, signature(DONOR_KEY, hash));
        hash = keccak256(abi.encode(bytes32(0), 0, WELL, account, token, 40, bytes32("memo")));
        equal(vault.runningHash(), hash, "the account is the donor");
    }

    function test_account_with_code_and_key_signs_by_its_key() public {
        vm.etch(donor, hex"ef01000000000000000000000000000000000000000bad");
        Line[] memory lines = one(WELL, address(token), 40);
        bytes memory signed = signature(DONOR_KEY, vault.hashCart(donor, lines, 0, CLOSES));
        vault.donateFor(donor, lines, 0, CLOSES, signed, _none);
        equal(vault.count(), 1, "given");
    }

    function usingPermit2(Line[] memory lines, uint256 asked) private returns (bytes memory) {
        Permit2Double double = Permit2Double(address(vault.PERMIT2()));
        vm.etch(address(double), address(new Permit2Double()).code);
        vm.prank(donor);
        token.approve(address(double), type(uint256).max);
        IPermit2.PermitTransferFrom memory asks =
            IPermit2.PermitTransferFrom(IPermit2.TokenPermissions(lines[0].token, asked), 7, CLOSES);
        string memory types =
            string.concat("Cart witness)", CART_TYPES, "TokenPermissions(address token,uint256 amount)");
        return
            signature(DONOR_KEY, double.hash(asks, address(vault), cartHash(lines, bytes32(uint256(7)), CLOSES), types));
    }

    function test_permit2_binds_the_cart_and_gives_once() public {
        forget();
        Line[] memory lines = two(address(token), 10, 20);
        bytes memory signed = usingPermit2(lines, 30);
        lines[1].project = WELL;
        vm.expectRevert(Permit2Double.WrongPermit.selector);
        vault.donateWithPermit2(donor, lines, 7, CLOSES, signed);
        lines[1].project = LIBRARY;
        vm.prank(relayer);
        vault.donateWithPermit2(donor, lines, 7, CLOSES, signed);
        equal(vault.credited(LIBRARY, address(token)), 20, "credited");
        vm.expectRevert(Permit2Double.WrongPermit.selector);
        vault.donateWithPermit2(donor, lines, 7, CLOSES, signed);
    }

    function authorized(Line[] memory lines, uint256 asked) private view returns (uint8 v, bytes32 r, bytes32 s) {
        bytes32 nonce = keccak256(abi.encode(block.chainid, vault, linesHash(lines), bytes32("salt")));
        bytes32 hash = keccak256(abi.encode(RECEIVE_TYPEHASH, donor, vault, asked, 0, CLOSES, nonce));
        return vm.sign(DONOR_KEY, typed(token.DOMAIN_SEPARATOR(), hash));
    }

    function test_authorization_binds_money_and_projects_and_gives_once() public {
        forget();
        Line[] memory lines = two(address(token), 10, 20);
        (uint8 v, bytes32 r, bytes32 s) = authorized(lines, 30);
        lines[0].memo = "another";
        vm.expectRevert(DemoToken.WrongAuthorization.selector);
        vault.donateWithAuthorization(donor, lines, 0, CLOSES, "salt", v, r, s);
        lines[0].memo = "first";
        vm.prank(relayer);
        vault.donateWithAuthorization(donor, lines, 0, CLOSES, "salt", v, r, s);
        equal(vault.credited(WELL, address(token)), 10, "credited");
        vm.expectRevert(DemoToken.WrongAuthorization.selector);
        vault.donateWithAuthorization(donor, lines, 0, CLOSES, "salt", v, r, s);
    }

    function test_one_signature_for_money_takes_one_token() public {
        Line[] memory lines = two(address(token), 10, 20);
        lines[1].token = NATIVE;
        vm.expectRevert(DonationRound.OneTokenOnly.selector);
        vault.donateWithAuthorization(donor, lines, 0, CLOSES, "salt", 27, 0, 0);
        vm.expectRevert(DonationRound.OneTokenOnly.selector);
        vault.donateWithPermit2(donor, lines, 7, CLOSES, "");
        vm.expectRevert(abi.encodeWithSelector(Books.TokenNotAllowed.selector, NATIVE));
        vault.donateWithAuthorization(donor, one(WELL, NATIVE, 1), 0, CLOSES, "salt", 27, 0, 0);
    }
}
