// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessControl} from "@openzeppelin/contracts/access/AccessControl.sol";
import {
    AccessControlEnumerable
} from "@openzeppelin/contracts/access/extensions/AccessControlEnumerable.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

import {Errors} from "./libraries/Errors.sol";

/// @title TokenTimelock
/// @notice The owner of tokens: OpenZeppelin's timelock, without an administrator, and with members
/// of its roles that anyone can list (`getRoleMembers`).
///
/// DELAY
/// A call waits for at least `getMinDelay` between being scheduled and being executed. That is an
/// hour at least and thirty days at most, whatever `updateDelay` was told: holders can always leave
/// before a change, and no change is out of reach for ever.
///
/// ROLES
/// - proposers schedule calls, and cancel them.
/// - cancellers cancel scheduled calls, and do nothing else.
/// - executors execute what is due; the zero address as one lets everybody.
/// - the timelock itself is the only administrator: roles and delay change through scheduled calls.
/// Whoever deploys it has no role.
///
/// EMERGENCY
/// Nothing passes the delay. What must happen at once is not the owner's: the guardian of a token
/// stops deposits, and redemption cannot be stopped.
contract TokenTimelock is TimelockController, AccessControlEnumerable {
    uint256 private constant MIN_DELAY = 1 hours;
    uint256 private constant MAX_DELAY = 30 days;

    /// @param delay Least time between scheduling and executing, seconds.
    /// @param proposers Who schedules and cancels; at least one.
    /// @param executors Who executes; the zero address for everybody.
    /// @param cancellers Who cancels beside the proposers.
    constructor(
        uint256 delay,
        address[] memory proposers,
        address[] memory executors,
        address[] memory cancellers
    ) TimelockController(delay, proposers, executors, address(0)) {
        require(delay >= MIN_DELAY && delay <= MAX_DELAY, Errors.InvalidParameter());
        require(proposers.length > 0 && executors.length > 0, Errors.InvalidParameter());
        for (uint256 i = 0; i < cancellers.length; ++i) {
            _grantRole(CANCELLER_ROLE, cancellers[i]);
        }
    }

    /// @notice Least time between scheduling and executing, seconds, within its bounds.
    function getMinDelay() public view override returns (uint256) {
        uint256 delay = super.getMinDelay();
        if (delay < MIN_DELAY) return MIN_DELAY;
        return delay > MAX_DELAY ? MAX_DELAY : delay;
    }

    /// @notice ERC-165.
    function supportsInterface(bytes4 id)
        public
        view
        override(TimelockController, AccessControlEnumerable)
        returns (bool)
    {
        return super.supportsInterface(id);
    }

    function _grantRole(bytes32 role, address account)
        internal
        override(AccessControl, AccessControlEnumerable)
        returns (bool)
    {
        return super._grantRole(role, account);
    }

    function _revokeRole(bytes32 role, address account)
        internal
        override(AccessControl, AccessControlEnumerable)
        returns (bool)
    {
        return super._revokeRole(role, account);
    }
}
