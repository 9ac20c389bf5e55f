// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title Whether a contract wallet stands behind a signature (ERC-1271), also one that is not deployed yet (ERC-6492).
/// @notice It is never deployed: its constructor is what an `eth_call` without a receiver runs, and what it returns is
/// one byte, 1 or 0. Whatever it does to the chain on the way is forgotten with the call. It never reverts, so that a
/// call that fails is the fault of the node.
contract SignatureCheck {
    /// @param factory What deploys the wallet when it is called with `deployment`; called only where no wallet stands.
    constructor(address signer, bytes32 hash, bytes memory signature, address factory, bytes memory deployment) {
        bool stands = signer.code.length != 0;
        if (!stands) {
            (bool deployed,) = factory.call(deployment);
            stands = deployed && signer.code.length != 0;
        }
        bool valid = stands && _approves(signer, hash, signature);
        assembly {
            mstore(0, valid)
            return(31, 1)
        }
    }

    function _approves(address signer, bytes32 hash, bytes memory signature) private view returns (bool) {
        (bool answered, bytes memory answer) =
            signer.staticcall(abi.encodeCall(IERC1271.isValidSignature, (hash, signature)));
        if (!answered || answer.length < 32) return false;
        return abi.decode(answer, (bytes32)) == bytes32(IERC1271.isValidSignature.selector);
    }
}
