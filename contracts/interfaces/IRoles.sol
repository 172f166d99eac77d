// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IRoles
/// @notice Who may change a token. The owner is meant to be a timelock.
interface IRoles {
    /// @notice `owner` offered its role to `to`.
    event OwnershipTransferStarted(address indexed owner, address indexed to);

    /// @notice `to` is the owner now.
    event OwnershipTransferred(address indexed from, address indexed to);

    /// @notice `guardian` may pause deposits now.
    event GuardianChanged(address indexed guardian);

    /// @notice Who may set parameters, within constant bounds.
    function owner() external view returns (address);

    /// @notice Whom the role is offered to; zero when nobody.
    function pendingOwner() external view returns (address);

    /// @notice Who may pause deposits, and nothing else; may be zero.
    function guardian() external view returns (address);

    /// @notice Offers the role of the owner to `to`, who must accept it; zero takes an offer back.
    function transferOwnership(address to) external;

    /// @notice Takes the role that was offered to the caller.
    function acceptOwnership() external;

    /// @notice Names the guardian; zero for none.
    function setGuardian(address to) external;
}
