// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title A token for test chains: anybody may mint it, and it takes both kinds of signature, EIP-2612 and EIP-3009.
contract DemoToken is ERC20Permit {
    bytes32 private constant _RECEIVE_TYPEHASH = keccak256(
        "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
    );

    uint8 private immutable _decimals;

    /// @notice Whether an authorization of EIP-3009 was used.
    mapping(address from => mapping(bytes32 nonce => bool)) public authorizationState;

    event AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce);

    error WrongAuthorization();

    constructor(string memory name, string memory symbol, uint8 decimals_) ERC20(name, symbol) ERC20Permit(name) {
        _decimals = decimals_;
    }

    function decimals() public view override returns (uint8) {
        return _decimals;
    }

    /// @notice Make tokens out of nothing.
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    /// @notice Take what `from` signed for the sender, as in EIP-3009.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external {
        bool timely = block.timestamp > validAfter && block.timestamp < validBefore;
        if (!timely || to != msg.sender || authorizationState[from][nonce]) revert WrongAuthorization();
        bytes32 hash = keccak256(abi.encode(_RECEIVE_TYPEHASH, from, to, value, validAfter, validBefore, nonce));
        if (ECDSA.recover(_hashTypedDataV4(hash), v, r, s) != from) revert WrongAuthorization();
        authorizationState[from][nonce] = true;
        emit AuthorizationUsed(from, nonce);
        _transfer(from, to, value);
    }
}
