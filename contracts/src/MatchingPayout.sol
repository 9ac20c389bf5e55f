// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {Proposal} from "./Proposal.sol";

/// @title Pays out the matching pool of one round by a Merkle root that anybody could challenge first.
/// @notice The specification is docs/reference/contracts.md.
contract MatchingPayout is Proposal, EIP712 {
    using BitMaps for BitMaps.BitMap;
    using SafeERC20 for IERC20;

    /// @notice A payout as the tree holds it, with its proof.
    struct Claim {
        uint256 index;
        address payee;
        uint256 amount;
        bytes32[] proof;
    }

    /// @dev What a payee may spend of the gas of a batch on receiving the coin of the chain: enough for a Safe.
    uint256 private constant _PUSH_GAS = 50_000;

    bytes32 private constant _RESULT_TYPEHASH =
        keccak256("Result(bytes32 resultDigest,bytes32 root,address token,uint256 total)");

    /// @notice The sum of all payouts so far: never more than `total`.
    uint256 public paid;

    BitMaps.BitMap private _paid;

    event Paid(uint256 indexed index, address indexed payee, address to, uint256 amount);
    event PayoutFailed(uint256 indexed index, address indexed payee, uint256 amount);
    event Swept(uint256 amount);

    error NotFinal();
    error WrongProof(uint256 index);
    error AlreadyPaid(uint256 index);
    error MoreThanTotal(uint256 index);
    error NotFunded(uint256 amount, uint256 available);

    constructor(
        address token_,
        address operator_,
        address arbiter_,
        address sponsor_,
        uint64 challengePeriod_,
        uint64 arbiterPeriod_,
        uint64 sweepAfter_,
        uint256 bond_
    )
        Proposal(token_, operator_, arbiter_, sponsor_, challengePeriod_, arbiterPeriod_, sweepAfter_, bond_)
        EIP712("MatchingPayout", "1")
    {}

    // -------------------------------------------------------------------------------------------------- payout

    /// @notice Pay a payee. Anybody may send this.
    function claim(uint256 index, address payee, uint256 amount, bytes32[] calldata proof) external nonReentrant {
        _settle(index, payee, amount, proof);
        _send(payee, amount);
        emit Paid(index, payee, payee, amount);
    }

    /// @notice Pay the sender, who is the payee, somewhere else: for an address that the token refuses.
    function claimTo(uint256 index, uint256 amount, bytes32[] calldata proof, address to) external nonReentrant {
        _settle(index, msg.sender, amount, proof);
        _send(to, amount);
        emit Paid(index, msg.sender, to, amount);
    }

    /// @notice Pay many payees. Who is paid already is passed over; who cannot be paid now stays claimable.
    function push(Claim[] calldata claims) external nonReentrant {
        for (uint256 i; i < claims.length; ++i) {
            Claim calldata one = claims[i];
            if (_paid.get(one.index)) continue;
            _settle(one.index, one.payee, one.amount, one.proof);
            if (_trySend(one.payee, one.amount)) {
                emit Paid(one.index, one.payee, one.payee, one.amount);
            } else {
                _paid.unset(one.index);
                paid -= one.amount;
                emit PayoutFailed(one.index, one.payee, one.amount);
            }
        }
    }

    /// @notice Send what remains to the sponsor, once it is time and nothing that stands can still be claimed.
    function sweep() external nonReentrant {
        if (block.timestamp < sweepableAt()) revert TooEarly(block.timestamp, sweepableAt());
        uint256 amount = _balance();
        if (amount == 0) revert NothingToTake();
        _send(sponsor, amount);
        emit Swept(amount);
    }

    // ------------------------------------------------------------------------------------------------- reading

    /// @notice What the operator signs to attest a result, by EIP-712.
    function hashResult(bytes32 resultDigest_, bytes32 root_, uint256 total_) external view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(_RESULT_TYPEHASH, resultDigest_, root_, token, total_)));
    }

    /// @notice The leaf of a payout, as OpenZeppelin's StandardMerkleTree makes it.
    function leafOf(uint256 index, address payee, uint256 amount) public pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(index, payee, amount))));
    }

    /// @notice Whether a payout is paid.
    function isPaid(uint256 index) external view returns (bool) {
        return _paid.get(index);
    }

    // -------------------------------------------------------------------------------------------------- inside

    function _settle(uint256 index, address payee, uint256 amount, bytes32[] calldata proof) private {
        if (!isFinal()) revert NotFinal();
        bool proved = MerkleProof.verifyCalldata(proof, root, leafOf(index, payee, amount));
        if (!proved || index >= payees) revert WrongProof(index);
        if (_paid.get(index)) revert AlreadyPaid(index);
        if (amount > total - paid) revert MoreThanTotal(index);
        _paid.set(index);
        paid += amount;
    }

    function _send(address to, uint256 amount) private {
        if (amount > _balance()) revert NotFunded(amount, _balance());
        if (token == NATIVE) Address.sendValue(payable(to), amount);
        else IERC20(token).safeTransfer(to, amount);
    }

    function _trySend(address to, uint256 amount) private returns (bool sent) {
        if (amount > _balance()) return false;
        if (token != NATIVE) return IERC20(token).trySafeTransfer(to, amount);
        assembly ("memory-safe") {
            sent := call(_PUSH_GAS, to, amount, 0, 0, 0, 0)
        }
    }
}
