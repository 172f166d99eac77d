// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title MockRelay
/// @notice Passes every call on to a target that anyone can change, so that what stands behind an
/// address can break while it is in use: a feed, the Pyth contract, an oracle. Differences from an
/// upgradeable proxy: no access control, no ether, and the target is called, so that it keeps its
/// own storage.
contract MockRelay {
    address public target;

    constructor(address target_) {
        target = target_;
    }

    /// @notice Puts `target_` in the place of what stood there, also what has no code.
    function setTarget(address target_) external {
        target = target_;
    }

    /// @dev Answers and reverts as the target does.
    fallback(bytes calldata question) external returns (bytes memory) {
        (bool ok, bytes memory answer) = target.call(question);
        if (ok) return answer;
        // The words of `answer` are passed on as they are, and control does not return.
        assembly ("memory-safe") {
            revert(add(answer, 0x20), mload(answer))
        }
    }
}
