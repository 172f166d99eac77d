// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IRoles} from "../interfaces/IRoles.sol";
import {Errors} from "../libraries/Errors.sol";

/// @title Roles
/// @notice An owner who hands over in two steps, and a guardian whom the owner names.
abstract contract Roles is IRoles {
    /// @inheritdoc IRoles
    address public owner;
    /// @inheritdoc IRoles
    address public pendingOwner;
    /// @inheritdoc IRoles
    address public guardian;

    modifier onlyOwner() {
        _checkOwner();
        _;
    }

    constructor(address owner_, address guardian_) {
        require(owner_ != address(0), Errors.InvalidParameter());
        owner = owner_;
        guardian = guardian_;
        emit OwnershipTransferred(address(0), owner_);
        emit GuardianChanged(guardian_);
    }

    /// @inheritdoc IRoles
    function transferOwnership(address to) external onlyOwner {
        pendingOwner = to;
        emit OwnershipTransferStarted(owner, to);
    }

    /// @inheritdoc IRoles
    function acceptOwnership() external {
        require(msg.sender == pendingOwner, Errors.NotAllowed());
        emit OwnershipTransferred(owner, msg.sender);
        owner = msg.sender;
        delete pendingOwner;
    }

    /// @inheritdoc IRoles
    function setGuardian(address to) external onlyOwner {
        guardian = to;
        emit GuardianChanged(to);
    }

    /// @dev A function, because a modifier is copied wherever it is used.
    function _checkOwner() internal view {
        require(msg.sender == owner, Errors.NotAllowed());
    }
}
