// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Address} from "@openzeppelin/contracts/utils/Address.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @title What the operator proposes to pay, which anybody can challenge before it is final.
abstract contract Proposal is ReentrancyGuardTransient {
    /// @notice NONE: nothing stands; PROPOSED: it is final once the challenge period is over; CHALLENGED: the arbiter
    /// has the word.
    enum State {
        NONE,
        PROPOSED,
        CHALLENGED
    }

    /// @notice Stands for the coin of the chain where a token is named.
    address public constant NATIVE = 0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE;

    /// @dev No period is longer, so that nothing is stuck for ever.
    uint64 private constant _LONGEST = 365 days;

    /// @dev The sweep is possible so long after deployment at the latest, if nothing is in question then.
    uint64 private constant _LATEST = 5 * 365 days;

    /// @notice What is paid out, who proposes, who settles a challenge, and who gets what remains.
    address public immutable token;
    address public immutable operator;
    address public immutable arbiter;
    address public immutable sponsor;

    /// @notice Seconds in which a proposal may be challenged, and for which payouts can be claimed at the least.
    uint64 public immutable challengePeriod;

    /// @notice Seconds the arbiter has to settle a challenge; after them the proposal is void.
    uint64 public immutable arbiterPeriod;

    /// @notice No proposal from this time on, and what remains can go to the sponsor; seconds since 1970 UTC.
    uint64 public immutable sweepAfter;

    /// @notice What a challenge costs unless it is upheld or the arbiter is silent; base units of the chain's coin.
    uint256 public immutable bond;

    State public state;

    /// @notice When the challenge period, or the time of the arbiter, began.
    uint64 public since;

    /// @notice Grows with each change of state. Whoever answers a state names its turn, so that an answer that
    /// arrives late meets nothing else.
    uint256 public turn;

    /// @notice What is proposed: the tree, the result it comes from, the sum and the number of its payouts.
    bytes32 public root;
    bytes32 public resultDigest;
    uint256 public total;
    uint256 public payees;

    address public challenger;

    /// @notice Bonds that can be taken by `takeBond`, and the sum of all bonds here.
    mapping(address => uint256) public bondOf;
    uint256 public bonds;

    event Proposed(
        uint256 indexed turn, bytes32 root, bytes32 indexed resultDigest, uint256 total, uint256 payees, uint64 finalAt
    );
    event Challenged(uint256 indexed turn, address indexed challenger, bytes32 differentRoot, string evidence);
    event Upheld(uint256 indexed turn);
    event Dismissed(uint256 indexed turn, uint64 finalAt);
    event Lapsed(uint256 indexed turn);

    error WrongTerms();
    error WrongPeriod(uint64 period, uint64 longest);
    error WrongSweepAfter(uint64 sweepAfter, uint256 latest);
    error NotOperator(address sender);
    error NotArbiter(address sender);
    error WrongProposal();
    error Underfunded(uint256 total, uint256 balance);
    error WrongTurn(uint256 turn, State state);
    error TooLate(uint256 time, uint64 end);
    error TooEarly(uint256 time, uint64 end);
    error SameRoot();
    error WrongBond(uint256 bond, uint256 value);
    error NothingToTake();
    error NotNative();

    constructor(
        address token_,
        address operator_,
        address arbiter_,
        address sponsor_,
        uint64 challengePeriod_,
        uint64 arbiterPeriod_,
        uint64 sweepAfter_,
        uint256 bond_
    ) {
        bool wrong = token_ != NATIVE && token_.code.length == 0;
        wrong = wrong || operator_ == address(0) || sponsor_ == address(0) || sponsor_ == address(this);
        if (wrong) revert WrongTerms();
        _requirePeriod(challengePeriod_);
        _requirePeriod(arbiterPeriod_);
        uint256 latest = block.timestamp + _LATEST;
        if (sweepAfter_ <= block.timestamp || sweepAfter_ > latest) revert WrongSweepAfter(sweepAfter_, latest);
        token = token_;
        operator = operator_;
        arbiter = arbiter_;
        sponsor = sponsor_;
        challengePeriod = challengePeriod_;
        arbiterPeriod = arbiterPeriod_;
        sweepAfter = sweepAfter_;
        bond = bond_;
    }

    /// @notice The pool comes in by plain transfers.
    receive() external payable {
        if (token != NATIVE) revert NotNative();
    }

    // ---------------------------------------------------------------------------------- proposal and challenge

    /// @notice Propose what is paid out, when it is all here. Only the operator may, while nothing else stands.
    function propose(bytes32 root_, bytes32 resultDigest_, uint256 total_, uint256 payees_) external {
        if (msg.sender != operator) revert NotOperator(msg.sender);
        if (state != State.NONE) revert WrongTurn(turn, state);
        if (block.timestamp >= sweepAfter) revert TooLate(block.timestamp, sweepAfter);
        if (root_ == 0 || total_ == 0 || payees_ == 0) revert WrongProposal();
        if (_balance() < total_) revert Underfunded(total_, _balance());
        (root, resultDigest, total, payees) = (root_, resultDigest_, total_, payees_);
        _turn(State.PROPOSED);
        emit Proposed(turn, root_, resultDigest_, total_, payees_, finalAt());
    }

    /// @notice Halt the proposal of this turn, with the root that comes out instead and where the working is.
    function challenge(uint256 turn_, bytes32 differentRoot, string calldata evidence) external payable {
        _require(turn_, State.PROPOSED);
        if (block.timestamp >= finalAt()) revert TooLate(block.timestamp, finalAt());
        if (differentRoot == root) revert SameRoot();
        if (msg.value != bond) revert WrongBond(bond, msg.value);
        bonds += msg.value;
        challenger = msg.sender;
        _turn(State.CHALLENGED);
        emit Challenged(turn, msg.sender, differentRoot, evidence);
    }

    /// @notice Agree with the challenge of this turn: the proposal is void.
    function uphold(uint256 turn_) external {
        _requireArbiter(turn_);
        bondOf[challenger] += bond;
        _turn(State.NONE);
        emit Upheld(turn);
    }

    /// @notice Disagree with the challenge of this turn: the challenge period starts again.
    function dismiss(uint256 turn_) external {
        _requireArbiter(turn_);
        bondOf[sponsor] += bond;
        _turn(State.PROPOSED);
        emit Dismissed(turn, finalAt());
    }

    /// @notice Void a proposal whose challenge the arbiter did not settle in time. Anybody may send this.
    function lapse() external {
        _require(turn, State.CHALLENGED);
        if (block.timestamp < arbiterEnds()) revert TooEarly(block.timestamp, arbiterEnds());
        bondOf[challenger] += bond;
        _turn(State.NONE);
        emit Lapsed(turn);
    }

    /// @notice Take the bonds that are the sender's.
    function takeBond() external nonReentrant {
        uint256 amount = bondOf[msg.sender];
        if (amount == 0) revert NothingToTake();
        bondOf[msg.sender] = 0;
        bonds -= amount;
        Address.sendValue(payable(msg.sender), amount);
    }

    // ------------------------------------------------------------------------------------------------- reading

    /// @notice Whether payouts can be claimed: a proposal stands and its challenge period is over.
    function isFinal() public view returns (bool) {
        return state == State.PROPOSED && block.timestamp >= finalAt();
    }

    /// @notice When the proposal that stands is final; the end of time if none stands or it is challenged.
    function finalAt() public view returns (uint64) {
        return state == State.PROPOSED ? since + challengePeriod : type(uint64).max;
    }

    /// @notice When the challenge that stands lapses; the end of time if none stands.
    function arbiterEnds() public view returns (uint64) {
        return state == State.CHALLENGED ? since + arbiterPeriod : type(uint64).max;
    }

    /// @notice When `sweep` is possible: not while a proposal is in question, nor in the first challenge period after
    /// it became final.
    function sweepableAt() public view returns (uint64) {
        if (state == State.NONE) return sweepAfter;
        if (state == State.CHALLENGED) return type(uint64).max;
        uint64 claimed = finalAt() + challengePeriod;
        return claimed > sweepAfter ? claimed : sweepAfter;
    }

    // -------------------------------------------------------------------------------------------------- inside

    function _requirePeriod(uint64 period) private pure {
        if (period == 0 || period > _LONGEST) revert WrongPeriod(period, _LONGEST);
    }

    function _turn(State next) private {
        state = next;
        since = uint64(block.timestamp);
        ++turn;
    }

    function _require(uint256 turn_, State expected) private view {
        if (turn_ != turn || state != expected) revert WrongTurn(turn, state);
    }

    function _requireArbiter(uint256 turn_) private view {
        if (msg.sender != arbiter) revert NotArbiter(msg.sender);
        _require(turn_, State.CHALLENGED);
        if (block.timestamp >= arbiterEnds()) revert TooLate(block.timestamp, arbiterEnds());
    }

    /// @dev What is here of the pool: bonds are no part of it.
    function _balance() internal view returns (uint256) {
        return token == NATIVE ? address(this).balance - bonds : IERC20(token).balanceOf(address(this));
    }
}
