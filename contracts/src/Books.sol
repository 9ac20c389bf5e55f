// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Line} from "./Cart.sol";

/// @notice A project that may be given to, and who is paid what it was given.
struct Project {
    bytes32 project;
    address payee;
}

/// @title The books of a round: which projects and tokens there are, what was given, and what was paid out.
abstract contract Books is ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    /// @dev Where the numbering of a cart stands, kept in memory until the cart is done.
    struct Tally {
        uint256 count;
        bytes32 runningHash;
    }

    /// @notice Stands for the coin of the chain where a token is named.
    address public constant NATIVE = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;

    /// @dev Marks the coin of the chain as allowed where a token has the hash of its code.
    bytes32 private constant _NATIVE_PIN = bytes32(uint256(1));

    /// @notice May add projects before the round closes, and nothing else; the zero address: nobody may.
    address public immutable operator;

    /// @notice A donation is taken when opens <= time < closes; seconds since 1970 UTC.
    uint64 public immutable opens;
    uint64 public immutable closes;

    /// @notice The number of donations so far, which is also the `seq` of the next one.
    uint256 public count;

    /// @notice Commits to all donations in their order: keccak256(abi.encode(previous, seq, project, donor, token,
    /// amount, memo)), from zero.
    bytes32 public runningHash;

    /// @notice Everything that was ever donated in a token.
    mapping(address token => uint256) public total;

    /// @notice Everything that was ever paid out in a token.
    mapping(address token => uint256) public withdrawn;

    /// @notice Everything that was ever donated to a project in a token.
    mapping(bytes32 project => mapping(address token => uint256)) public credited;

    /// @notice Everything that was ever paid out to a project in a token.
    mapping(bytes32 project => mapping(address token => uint256)) public paidOut;

    /// @notice Who is paid what a project was given; zero: there is no such project.
    mapping(bytes32 project => address) public payeeOf;

    /// @notice The hash of the code a token had when this was deployed; zero: the token is not taken.
    mapping(address token => bytes32) public codeHashOf;

    address[] private _tokens;

    event Donated(
        uint256 indexed seq, bytes32 indexed project, address indexed donor, address token, uint256 amount, bytes32 memo
    );
    event ProjectAdded(bytes32 indexed project, address payee);
    event PayeeMoved(bytes32 indexed project, address from, address to);
    event Withdrawn(bytes32 indexed project, address indexed token, address payee, uint256 amount);

    error WrongWindow(uint64 opens, uint64 closes);
    error WrongToken(address token);
    error WrongProject(bytes32 project, address payee);
    error NotOpen(uint256 time, uint64 opens, uint64 closes);
    error NotOperator(address sender);
    error NotPayee(address sender, bytes32 project);
    error EmptyCart();
    error UnknownProject(bytes32 project);
    error TokenNotAllowed(address token);
    error TokenCodeChanged(address token);
    error NothingReceived(uint256 line);
    error ReceivedTooMuch(address token, uint256 asked, uint256 received);
    error HoldsTooLittle(address token, uint256 held, uint256 balance);
    error NothingToWithdraw(bytes32 project, address token);

    constructor(address operator_, uint64 opens_, uint64 closes_, address[] memory tokens_, Project[] memory projects) {
        if (opens_ >= closes_) revert WrongWindow(opens_, closes_);
        operator = operator_;
        opens = opens_;
        closes = closes_;
        for (uint256 i; i < tokens_.length; ++i) {
            _allow(tokens_[i]);
        }
        for (uint256 i; i < projects.length; ++i) {
            _add(projects[i]);
        }
    }

    // ----------------------------------------------------------------------------------------------- projects

    /// @notice Pay a project what it was given in a token and not yet paid. Anybody may send this, at any time.
    function withdraw(bytes32 project, address token) external nonReentrant {
        uint256 amount = credited[project][token] - paidOut[project][token];
        if (amount == 0) revert NothingToWithdraw(project, token);
        address payee = payeeOf[project];
        paidOut[project][token] += amount;
        withdrawn[token] += amount;
        emit Withdrawn(project, token, payee, amount);
        if (token == NATIVE) Address.sendValue(payable(payee), amount);
        else IERC20(token).safeTransfer(payee, amount);
    }

    /// @notice Have a project paid elsewhere from now on. Only its payee may.
    function movePayee(bytes32 project, address payee) external {
        address from = payeeOf[project];
        if (msg.sender != from) revert NotPayee(msg.sender, project);
        if (payee == address(0) || payee == address(this)) revert WrongProject(project, payee);
        payeeOf[project] = payee;
        emit PayeeMoved(project, from, payee);
    }

    /// @notice Add projects before the round closes. Only the operator may; a project is never changed or removed.
    function addProjects(Project[] calldata projects) external {
        if (msg.sender != operator) revert NotOperator(msg.sender);
        if (block.timestamp >= closes) revert NotOpen(block.timestamp, opens, closes);
        for (uint256 i; i < projects.length; ++i) {
            _add(projects[i]);
        }
    }

    // ------------------------------------------------------------------------------------------------ reading

    /// @notice What this contract owes to all projects in a token, and so must hold.
    function held(address token) public view returns (uint256) {
        return total[token] - withdrawn[token];
    }

    /// @notice The tokens that may be given.
    function tokens() external view returns (address[] memory) {
        return _tokens;
    }

    // ------------------------------------------------------------------------------------------------- inside

    /// @dev Shares what was received over lines of one token: each gets the floor of what it and those before it
    /// asked for, less what those before it got, so that the sum is `received` to the last unit.
    function _credit(
        Tally memory tally,
        address donor,
        Line[] calldata lines,
        uint256 offset,
        uint256 asked,
        uint256 received
    ) internal {
        uint256 askedSoFar;
        uint256 sharedSoFar;
        for (uint256 i; i < lines.length; ++i) {
            Line calldata line = lines[i];
            if (payeeOf[line.project] == address(0)) revert UnknownProject(line.project);
            askedSoFar += line.amount;
            uint256 shared = received == asked ? askedSoFar : Math.mulDiv(received, askedSoFar, asked);
            uint256 amount = shared - sharedSoFar;
            if (amount == 0) revert NothingReceived(offset + i);
            sharedSoFar = shared;
            credited[line.project][line.token] += amount;
            _record(tally, donor, line, amount);
        }
        total[lines[0].token] += received;
    }

    function _record(Tally memory tally, address donor, Line calldata line, uint256 amount) private {
        uint256 seq = tally.count++;
        tally.runningHash =
            keccak256(abi.encode(tally.runningHash, seq, line.project, donor, line.token, amount, line.memo));
        emit Donated(seq, line.project, donor, line.token, amount, line.memo);
    }

    function _requireOpen(Line[] calldata lines) internal view {
        if (block.timestamp < opens || block.timestamp >= closes) revert NotOpen(block.timestamp, opens, closes);
        if (lines.length == 0) revert EmptyCart();
    }

    /// @dev Hashing the code of an account that is called anyway costs 100 gas.
    function _requireAllowed(address token) internal view {
        bytes32 pinned = codeHashOf[token];
        if (pinned == 0 || token == NATIVE) revert TokenNotAllowed(token);
        if (token.codehash != pinned) revert TokenCodeChanged(token);
    }

    function _balanceBefore(address token) internal view returns (uint256 balance) {
        _requireAllowed(token);
        balance = IERC20(token).balanceOf(address(this));
        if (balance < held(token)) revert HoldsTooLittle(token, held(token), balance);
    }

    function _received(address token, uint256 asked, uint256 before) internal view returns (uint256 received) {
        uint256 balance = IERC20(token).balanceOf(address(this));
        received = balance < before ? 0 : balance - before;
        if (received > asked) revert ReceivedTooMuch(token, asked, received);
    }

    function _allow(address token) private {
        if (codeHashOf[token] != 0) revert WrongToken(token);
        if (token != NATIVE && token.code.length == 0) revert WrongToken(token);
        codeHashOf[token] = token == NATIVE ? _NATIVE_PIN : token.codehash;
        _tokens.push(token);
    }

    function _add(Project memory added) private {
        bool wrong = added.payee == address(0) || added.payee == address(this);
        if (wrong || payeeOf[added.project] != address(0)) revert WrongProject(added.project, added.payee);
        payeeOf[added.project] = added.payee;
        emit ProjectAdded(added.project, added.payee);
    }
}
