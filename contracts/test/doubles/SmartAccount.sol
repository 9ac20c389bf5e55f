// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @title An account that is a contract with one owner: signs by ERC-1271 as a Safe, executes for anybody whose call
/// the owner signed as ERC-4337 accounts do for their bundler, and can refuse the coin of the chain.
contract SmartAccount is IERC1271 {
    enum Manner {
        ACCEPTS,
        REFUSES,
        BURNS_GAS,
        REENTERS
    }

    address public immutable owner;
    Manner public manner;
    address public target;
    bytes public data;
    bool public entered;
    uint256 public nonce;

    error NotSigned();
    error Refused();

    constructor(address owner_) {
        owner = owner_;
    }

    receive() external payable {
        if (manner == Manner.REFUSES) revert Refused();
        if (manner == Manner.REENTERS) (entered,) = target.call(data);
        uint256 burnt;
        while (manner == Manner.BURNS_GAS) ++burnt;
    }

    function behave(Manner manner_, address target_, bytes calldata data_) external {
        (manner, target, data) = (manner_, target_, data_);
    }

    function isValidSignature(bytes32 hash, bytes calldata signature) external view returns (bytes4) {
        (address signer,,) = ECDSA.tryRecoverCalldata(hash, signature);
        return signer == owner ? IERC1271.isValidSignature.selector : bytes4(0);
    }

    function execute(address to, uint256 value, bytes calldata call_, bytes calldata signature) external {
        bytes32 hash = operationHash(to, value, call_);
        ++nonce;
        if (ECDSA.recoverCalldata(hash, signature) != owner) revert NotSigned();
        (bool done, bytes memory answer) = to.call{value: value}(call_);
        if (!done) {
            assembly {
                revert(add(answer, 32), mload(answer))
            }
        }
    }

    function operationHash(address to, uint256 value, bytes calldata call_) public view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), nonce, to, value, call_));
    }
}
