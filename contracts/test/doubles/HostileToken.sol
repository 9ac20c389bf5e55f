// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";

/// @title A token that misbehaves in one way, chosen when it is made and set off by `arm`.
contract HostileToken is ERC20 {
    enum Kind {
        PLAIN,
        FEE, // a fortieth of each transfer is burnt
        NO_RETURN, // transfers return nothing, as USDT's
        RETURNS_FALSE, // moves nothing and says so
        LIAR, // moves nothing and says it did
        INFLATING, // shows `target` twice what it has
        FORGING, // moves nothing, yet shows `target` the balance that was asked for
        REENTRANT, // calls `target` with `data` in each transfer
        BLOCKLIST, // refuses to move anything to `target`
        PAUSED, // refuses to move anything
        REBASING // every balance is `factor` / 10,000 of what was moved
    }

    Kind public immutable kind;
    uint8 private immutable _decimals;
    bool public armed;
    address public target;
    bytes public data;
    bool public entered;
    uint256 public factor = 10_000;
    uint256 private _forged;

    error Refused();

    constructor(Kind kind_, uint8 decimals_) ERC20("Hostile", "HOSTILE") {
        kind = kind_;
        _decimals = decimals_;
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function arm(address target_, bytes calldata data_, uint256 factor_) external {
        (armed, target, data, factor) = (true, target_, data_, factor_);
    }

    function disarm() external {
        armed = false;
    }

    function balanceOf(address account) public view override returns (uint256) {
        uint256 real = super.balanceOf(account);
        if (!armed) return real;
        if (kind == Kind.INFLATING && account == target) return 2 * real;
        if (kind == Kind.FORGING && account == target) return real + _forged;
        if (kind == Kind.REBASING) return (real * factor) / 10_000;
        return real;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        return _moved(msg.sender, to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        _spendAllowance(from, msg.sender, amount);
        return _moved(from, to, amount);
    }

    function _moved(address from, address to, uint256 amount) private returns (bool) {
        if (armed) {
            if (kind == Kind.RETURNS_FALSE) return false;
            if (kind == Kind.LIAR) return true;
            if (kind == Kind.PAUSED || (kind == Kind.BLOCKLIST && to == target)) revert Refused();
            if (kind == Kind.FORGING) {
                _forged += amount;
                return true;
            }
            if (kind == Kind.REENTRANT) (entered,) = target.call(data);
            if (kind == Kind.FEE) {
                _burn(from, amount / 40);
                amount -= amount / 40;
            }
        }
        _transfer(from, to, amount);
        if (kind == Kind.NO_RETURN) {
            assembly {
                return(0, 0)
            }
        }
        return true;
    }
}
