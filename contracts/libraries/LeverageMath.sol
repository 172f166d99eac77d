// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title LeverageMath
/// @notice Shares, share price and leverage. WAD; the direction of every rounding is in the name.
library LeverageMath {
    uint256 internal constant WAD = 1e18;

    /// @notice `|size| * price / equity`, rounded down; the largest number when a position has no
    /// equity.
    function leverage(int256 size, uint256 price, uint256 equity) internal pure returns (uint256) {
        if (size == 0) return 0;
        if (equity == 0) return type(uint256).max;
        return FixedPointMathLib.fullMulDiv(FixedPointMathLib.abs(size), price, equity);
    }

    /// @notice Shares that `value` (WAD of the asset) is worth: `value * supply / equity`.
    function toSharesDown(uint256 value, uint256 supply, uint256 equity)
        internal
        pure
        returns (uint256)
    {
        return FixedPointMathLib.fullMulDiv(value, supply, equity);
    }

    /// @notice Value (WAD of the asset) of `shares`: `shares * equity / supply`.
    function toValueDown(uint256 shares, uint256 supply, uint256 equity)
        internal
        pure
        returns (uint256)
    {
        return FixedPointMathLib.fullMulDiv(shares, equity, supply);
    }

    /// @notice Value (WAD of the asset) of `shares`: `shares * equity / supply`.
    function toValueUp(uint256 shares, uint256 supply, uint256 equity)
        internal
        pure
        returns (uint256)
    {
        return FixedPointMathLib.fullMulDivUp(shares, equity, supply);
    }

    /// @notice The fraction `numerator / denominator`, at most 1, of `value`, toward zero.
    function fraction(int256 value, uint256 numerator, uint256 denominator)
        internal
        pure
        returns (int256)
    {
        uint256 part =
            FixedPointMathLib.fullMulDiv(FixedPointMathLib.abs(value), numerator, denominator);
        // A part of a signed number is no larger than the number, so it fits.
        return value < 0 ? -int256(part) : int256(part);
    }
}
