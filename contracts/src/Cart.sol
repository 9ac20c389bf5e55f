// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @notice One donation of a cart: how much of which token for which project, and the donor's own id for it.
struct Line {
    bytes32 project;
    address token;
    uint256 amount;
    bytes32 memo;
}

/// @title What a donor signs: a cart, by EIP-712 or inside the nonce of an EIP-3009 authorization.
abstract contract Cart is EIP712("DonationRound", "1") {
    string internal constant CART_TYPE = "Cart(address donor,Line[] lines,bytes32 salt,uint256 deadline)";
    string internal constant LINE_TYPE = "Line(bytes32 project,address token,uint256 amount,bytes32 memo)";
    string internal constant WITNESS_TYPE =
        string.concat("Cart witness)", CART_TYPE, LINE_TYPE, "TokenPermissions(address token,uint256 amount)");

    bytes32 private constant _CART_TYPEHASH = keccak256(bytes(string.concat(CART_TYPE, LINE_TYPE)));
    bytes32 private constant _LINE_TYPEHASH = keccak256(bytes(LINE_TYPE));

    /// @notice What a donor signs to let anybody send a cart.
    function hashCart(
        address donor,
        Line[] calldata lines,
        bytes32 salt,
        uint256 deadline
    ) public view returns (bytes32) {
        return _hashTypedDataV4(_hashCart(donor, lines, salt, deadline));
    }

    /// @notice The nonce of an EIP-3009 authorization that pays for `lines`.
    function authorizationNonce(Line[] calldata lines, bytes32 salt) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), _hashLines(lines), salt));
    }

    function _hashCart(
        address donor,
        Line[] calldata lines,
        bytes32 salt,
        uint256 deadline
    ) internal pure returns (bytes32) {
        return keccak256(abi.encode(_CART_TYPEHASH, donor, _hashLines(lines), salt, deadline));
    }

    function _hashLines(Line[] calldata lines) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](lines.length);
        for (uint256 i; i < lines.length; ++i) {
            hashes[i] = keccak256(abi.encode(_LINE_TYPEHASH, lines[i]));
        }
        return keccak256(abi.encodePacked(hashes));
    }

    /// @dev The key of an account comes first: by EIP-7702 an account may have a key and code.
    function _signed(address donor, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        (address recovered, ECDSA.RecoverError fault,) = ECDSA.tryRecoverCalldata(digest, signature);
        if (fault == ECDSA.RecoverError.NoError && recovered == donor) return true;
        return SignatureChecker.isValidERC1271SignatureNowCalldata(donor, digest, signature);
    }
}
