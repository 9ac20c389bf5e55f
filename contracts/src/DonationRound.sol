// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {IERC3009} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {Books, Project} from "./Books.sol";
import {Cart, Line} from "./Cart.sol";
import {IPermit2} from "./IPermit2.sol";

/// @title Keeps the donations of one round, each for one project, until they are paid out to that project.
/// @notice Nobody can take, stop, redirect or change a donation: not the operator, not whoever deployed this. The
/// specification is docs/reference/contracts.md.
contract DonationRound is Books, Cart {
    using SafeERC20 for IERC20;

    /// @notice An allowance by signature, as in EIP-2612, for this contract.
    struct Permit {
        address token;
        uint256 value;
        uint256 deadline;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    /// @notice Permit2, at the address it has on every chain where it is deployed in the usual way.
    IPermit2 public constant PERMIT2 = IPermit2(0x000000000022D473030F116dDEE9F6B43aC78BA3);

    /// @notice Whether a signed cart was already given.
    mapping(bytes32 digest => bool) public given;

    error ZeroAmount(uint256 line);
    error WrongValue(uint256 asked, uint256 value);
    error OneTokenOnly();
    error Expired(uint256 deadline);
    error AlreadyGiven(bytes32 digest);
    error WrongSignature(address donor);

    constructor(
        address operator_,
        uint64 opens_,
        uint64 closes_,
        address[] memory tokens_,
        Project[] memory projects
    ) Books(operator_, opens_, closes_, tokens_, projects) {}

    // ------------------------------------------------------------------------------------------------- giving

    /// @notice Give as the sender, from an allowance to this contract; native lines from the value sent along.
    function donate(Line[] calldata lines) external payable nonReentrant {
        _take(msg.sender, lines);
    }

    /// @notice Give as the sender, with allowances signed on the spot. A permit that fails is passed over: somebody
    /// may have used it first, and then the allowance is there; if it is not, the transfer fails.
    function donateWithPermit(Line[] calldata lines, Permit[] calldata permits) external payable nonReentrant {
        _permit(msg.sender, permits);
        _take(msg.sender, lines);
    }

    /// @notice Give as whoever signed the cart; anybody may send it. Native lines need the donor as sender.
    function donateFor(
        address donor,
        Line[] calldata lines,
        bytes32 salt,
        uint256 deadline,
        bytes calldata signature,
        Permit[] calldata permits
    ) external nonReentrant {
        bytes32 digest = hashCart(donor, lines, salt, deadline);
        if (block.timestamp > deadline) revert Expired(deadline);
        if (given[digest]) revert AlreadyGiven(digest);
        given[digest] = true;
        if (!_signed(donor, digest, signature)) revert WrongSignature(donor);
        _permit(donor, permits);
        _take(donor, lines);
    }

    /// @notice Give as whoever signed a Permit2 transfer whose witness is the cart, with `nonce` as its salt.
    function donateWithPermit2(
        address donor,
        Line[] calldata lines,
        uint256 nonce,
        uint256 deadline,
        bytes calldata signature
    ) external nonReentrant {
        (uint256 asked, uint256 before) = _beforeOneToken(lines);
        PERMIT2.permitWitnessTransferFrom(
            IPermit2.PermitTransferFrom(IPermit2.TokenPermissions(lines[0].token, asked), nonce, deadline),
            IPermit2.SignatureTransferDetails(address(this), asked),
            donor,
            _hashCart(donor, lines, bytes32(nonce), deadline),
            WITNESS_TYPE,
            signature
        );
        _afterOneToken(donor, lines, asked, before);
    }

    /// @notice Give as whoever signed an EIP-3009 authorization whose nonce is `authorizationNonce(lines, salt)`, so
    /// that the signature binds the money and what it is for.
    function donateWithAuthorization(
        address donor,
        Line[] calldata lines,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 salt,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant {
        (uint256 asked, uint256 before) = _beforeOneToken(lines);
        bytes32 nonce = authorizationNonce(lines, salt);
        IERC3009(lines[0].token)
            .receiveWithAuthorization(donor, address(this), asked, validAfter, validBefore, nonce, v, r, s);
        _afterOneToken(donor, lines, asked, before);
    }

    // ------------------------------------------------------------------------------------------------- inside

    function _take(address donor, Line[] calldata lines) private {
        _requireOpen(lines);
        uint256 native;
        Tally memory tally = Tally(count, runningHash);
        for (uint256 first; first < lines.length;) {
            address token = lines[first].token;
            (uint256 end, uint256 asked) = _sameToken(lines, first);
            uint256 received = asked;
            if (token == NATIVE) {
                if (codeHashOf[NATIVE] == 0) revert TokenNotAllowed(NATIVE);
                native += asked;
            } else {
                uint256 before = _balanceBefore(token);
                IERC20(token).safeTransferFrom(donor, address(this), asked);
                received = _received(token, asked, before);
            }
            _credit(tally, donor, lines[first:end], first, asked, received);
            first = end;
        }
        if (native != msg.value) revert WrongValue(native, msg.value);
        (count, runningHash) = (tally.count, tally.runningHash);
    }

    function _beforeOneToken(Line[] calldata lines) private view returns (uint256 asked, uint256 before) {
        _requireOpen(lines);
        uint256 end;
        (end, asked) = _sameToken(lines, 0);
        if (end != lines.length) revert OneTokenOnly();
        before = _balanceBefore(lines[0].token);
    }

    function _afterOneToken(address donor, Line[] calldata lines, uint256 asked, uint256 before) private {
        Tally memory tally = Tally(count, runningHash);
        _credit(tally, donor, lines, 0, asked, _received(lines[0].token, asked, before));
        (count, runningHash) = (tally.count, tally.runningHash);
    }

    function _permit(address donor, Permit[] calldata permits) private {
        for (uint256 i; i < permits.length; ++i) {
            Permit calldata permit = permits[i];
            _requireAllowed(permit.token);
            try IERC20Permit(permit.token)
                .permit(donor, address(this), permit.value, permit.deadline, permit.v, permit.r, permit.s) {}
                catch {}
        }
    }

    function _sameToken(Line[] calldata lines, uint256 first) private pure returns (uint256 end, uint256 asked) {
        for (end = first; end < lines.length && lines[end].token == lines[first].token; ++end) {
            if (lines[end].amount == 0) revert ZeroAmount(end);
            asked += lines[end].amount;
        }
    }
}
