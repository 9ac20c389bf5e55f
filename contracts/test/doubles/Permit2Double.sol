// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {IPermit2} from "../../src/IPermit2.sol";

/// @title Hashes, checks and moves as Permit2 does with `permitWitnessTransferFrom`; its code is put at its address.
contract Permit2Double is IPermit2 {
    string private constant _STUB =
        "PermitWitnessTransferFrom(TokenPermissions permitted,address spender,uint256 nonce,uint256 deadline,";

    mapping(address owner => mapping(uint256 nonce => bool)) public used;

    error WrongPermit();

    function domain() public view returns (bytes32) {
        bytes32 typehash = keccak256("EIP712Domain(string name,uint256 chainId,address verifyingContract)");
        return keccak256(abi.encode(typehash, keccak256("Permit2"), block.chainid, address(this)));
    }

    function hash(
        PermitTransferFrom memory permit,
        address spender,
        bytes32 witness,
        string memory types
    ) public view returns (bytes32) {
        bytes32 permissions = keccak256(
            abi.encode(
                keccak256("TokenPermissions(address token,uint256 amount)"),
                permit.permitted.token,
                permit.permitted.amount
            )
        );
        bytes32 typehash = keccak256(bytes(string.concat(_STUB, types)));
        bytes32 all = keccak256(abi.encode(typehash, permissions, spender, permit.nonce, permit.deadline, witness));
        return MessageHashUtils.toTypedDataHash(domain(), all);
    }

    function permitWitnessTransferFrom(
        PermitTransferFrom calldata permit,
        SignatureTransferDetails calldata details,
        address owner,
        bytes32 witness,
        string calldata types,
        bytes calldata signature
    ) external {
        if (block.timestamp > permit.deadline || used[owner][permit.nonce]) revert WrongPermit();
        if (details.requestedAmount > permit.permitted.amount) revert WrongPermit();
        used[owner][permit.nonce] = true;
        bytes32 digest = hash(permit, msg.sender, witness, types);
        if (!SignatureChecker.isValidSignatureNow(owner, digest, signature)) revert WrongPermit();
        IERC20(permit.permitted.token).transferFrom(owner, details.to, details.requestedAmount);
    }
}
