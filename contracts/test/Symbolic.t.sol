// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {DonationRound} from "../src/DonationRound.sol";
import {Line} from "../src/Cart.sol";
import {HostileToken} from "./doubles/HostileToken.sol";
import {RoundBase} from "./RoundBase.sol";

/// @notice For halmos, which proves these for all amounts: `halmos --contract SymbolicTest`.
contract SymbolicTest is RoundBase {
    /// @dev An address from a key is symbolic and might be the vault's own.
    function setUp() public override {
        donor = address(0xD0);
        super.setUp();
    }

    function check_credited_is_held_after_two_carts(uint128 a, uint128 b, uint128 c) public {
        HostileToken plain = hostile(HostileToken.Kind.PLAIN, 18, type(uint256).max);
        vm.assume(a > 0 && b > 0 && c > 0);
        give(two(address(plain), a, b));
        give(one(WELL, address(plain), c));
        uint256 credited = vault.credited(WELL, address(plain)) + vault.credited(LIBRARY, address(plain));
        assert(credited == vault.held(address(plain)));
        assert(credited == plain.balanceOf(address(vault)));
        assert(vault.count() == 3);
    }

    function check_credited_is_held_and_paid_after_a_withdrawal(uint128 a, uint128 b) public {
        HostileToken plain = hostile(HostileToken.Kind.PLAIN, 18, type(uint256).max);
        vm.assume(a > 0 && b > 0);
        give(two(address(plain), a, b));
        vault.withdraw(WELL, address(plain));
        assert(vault.held(address(plain)) == b);
        assert(plain.balanceOf(address(vault)) == b);
        assert(plain.balanceOf(wellPayee) == a);
    }
}
