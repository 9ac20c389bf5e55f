// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title Whether a contract wallet stands behind a signature (ERC-1271), also one that is not deployed yet (ERC-6492).
/// @notice It is never deployed: its constructor is what an `eth_call` without a receiver runs, and what it returns is
/// one byte, 1 or 0. Whatever it does to the chain on the way is forgotten with the call.
contract SignatureCheck {
    bytes32 private constant _WRAPPED = 0x6492649264926492649264926492649264926492649264926492649264926492;

    constructor(address signer, bytes32 hash, bytes memory signature) {
        bool valid = _isValid(signer, hash, signature);
        assembly {
            mstore(0, valid)
            return(31, 1)
        }
    }

    function _isValid(address signer, bytes32 hash, bytes memory signature) private returns (bool) {
        if (_isWrapped(signature)) {
            address factory;
            bytes memory deployment;
            (factory, deployment, signature) = _unwrapped(signature);
            if (signer.code.length == 0) {
                (bool deployed,) = factory.call(deployment);
                if (!deployed) return false;
            }
        }
        if (signer.code.length == 0) return false;
        (bool answered, bytes memory answer) =
            signer.staticcall(abi.encodeCall(IERC1271.isValidSignature, (hash, signature)));
        return answered && answer.length >= 32
            && abi.decode(answer, (bytes32)) == bytes32(IERC1271.isValidSignature.selector);
    }

    function _isWrapped(bytes memory signature) private pure returns (bool) {
        if (signature.length < 32) return false;
        bytes32 last;
        assembly {
            last := mload(add(signature, mload(signature)))
        }
        return last == _WRAPPED;
    }

    function _unwrapped(bytes memory signature) private pure returns (address, bytes memory, bytes memory) {
        bytes memory wrapper = new bytes(signature.length - 32);
        for (uint256 i = 0; i < wrapper.length; ++i) {
            wrapper[i] = signature[i];
        }
        return abi.decode(wrapper, (address, bytes, bytes));
    }
}
