// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPerpVenue} from "../interfaces/IPerpVenue.sol";

/// @notice The token that is judged, which is the caller, as far as it never changes.
/// @param venue Where its position is.
/// @param target Leverage, signed, WAD.
/// @param unit WAD per asset unit.
struct Subject {
    IPerpVenue venue;
    int256 target;
    uint256 unit;
}

/// @notice What bounds the flows of a token now.
/// @param isOpen Whether anything comes in.
/// @param supply Shares after fees.
/// @param supplyCap Largest supply, shares.
/// @param minDeposit Smallest deposit, asset units.
/// @param maxSize Largest size, WAD.
/// @param depositFee Fraction of the shares of a flow in, WAD.
/// @param owned Shares of whoever leaves.
struct Bounds {
    bool isOpen;
    uint256 supply;
    uint256 supplyCap;
    uint256 minDeposit;
    uint256 maxSize;
    uint256 depositFee;
    uint256 owned;
}
