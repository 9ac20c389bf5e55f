// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice What the tests use of forge's cheat codes.
interface Vm {
    function addr(uint256 key) external pure returns (address);
    function assume(bool condition) external pure;
    function deal(address account, uint256 balance) external;
    function etch(address account, bytes calldata code) external;
    function expectEmit() external;
    function expectRevert() external;
    function expectRevert(bytes4 selector) external;
    function expectRevert(bytes calldata message) external;
    function prank(address sender) external;
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function warp(uint256 time) external;
}

/// @notice What every test has: cheat codes, equality, and which contracts an invariant test may call.
abstract contract Base {
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    address[] internal _targets;

    error Different(string what, uint256 left, uint256 right);
    error NotSo(string what);

    function targetContracts() public view returns (address[] memory) {
        return _targets;
    }

    function equal(uint256 left, uint256 right, string memory what) internal pure {
        if (left != right) revert Different(what, left, right);
    }

    function equal(bytes32 left, bytes32 right, string memory what) internal pure {
        if (left != right) revert Different(what, uint256(left), uint256(right));
    }

    function equal(address left, address right, string memory what) internal pure {
        equal(uint256(uint160(left)), uint256(uint160(right)), what);
    }

    function ensure(bool so, string memory what) internal pure {
        if (!so) revert NotSo(what);
    }

    function bound(uint256 value, uint256 least, uint256 most) internal pure returns (uint256) {
        uint256 size = most - least;
        return size == type(uint256).max ? value : least + (value % (size + 1));
    }
}
