// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IScaledUIAmount
/// @notice ERC-8056: a multiplier between raw balances and what wallets show. Multipliers are WAD.
interface IScaledUIAmount {
    /// @notice `newMultiplier` holds from `effectiveAtTimestamp` on, seconds since the epoch.
    event UIMultiplierUpdated(
        uint256 oldMultiplier, uint256 newMultiplier, uint256 effectiveAtTimestamp
    );

    /// @notice A change that had not taken effect was replaced.
    event UIMultiplierUpdateCancelled(uint256 cancelledMultiplier, uint256 cancelledEffectiveAt);

    /// @notice The multiplier now.
    function uiMultiplier() external view returns (uint256);
}

/// @title IScaledUIAmountNewUIMultiplier
/// @notice ERC-8056: the change that is under way.
interface IScaledUIAmountNewUIMultiplier {
    /// @notice The multiplier from `effectiveAt` on.
    function newUIMultiplier() external view returns (uint256);

    /// @notice When it takes or took effect, seconds since the epoch; 0 when it never changed.
    function effectiveAt() external view returns (uint256);
}

/// @title IScaledUIAmountConversion
/// @notice ERC-8056: amounts as shown and as they are, rounded down.
interface IScaledUIAmountConversion {
    /// @notice What `rawAmount` is shown as.
    function toUIAmount(uint256 rawAmount) external view returns (uint256);

    /// @notice What is shown as `uiAmount`.
    function fromUIAmount(uint256 uiAmount) external view returns (uint256);
}

/// @title IScaledUIAmountBalances
/// @notice ERC-8056: balances as shown, rounded down.
interface IScaledUIAmountBalances {
    /// @notice What `account` is shown to own.
    function balanceOfUI(address account) external view returns (uint256);

    /// @notice What the supply is shown as.
    function totalSupplyUI() external view returns (uint256);
}
