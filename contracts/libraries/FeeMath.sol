// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {Errors} from "./Errors.sol";

/// @notice Fees, WAD, each taken as shares.
/// @param streaming A year of 365 days, compounded continuously.
/// @param deposit Fraction of the shares of a flow in.
/// @param redemption Fraction of the shares of a flow out.
struct Fees {
    uint64 streaming;
    uint64 deposit;
    uint64 redemption;
}

/// @title FeeMath
/// @notice Fees as shares, and their caps.
library FeeMath {
    using FixedPointMathLib for uint256;

    uint256 internal constant MAX_STREAMING = 0.05e18; // 5 % a year
    uint256 internal constant MAX_FLOW = 0.01e18; // 1 % of a deposit or a redemption
    uint256 internal constant STEP = 1e12; // 0.0001 %: every fee is a multiple, so it fits 16 bits
    uint256 internal constant YEAR = 365 days;
    uint256 private constant WAD = 1e18;

    /// @notice Reverts with `FeeAboveCap` when one of the fees exceeds its cap, and with
    /// `InvalidParameter` when one is no multiple of `STEP`.
    function validate(Fees memory fees) internal pure {
        bool within = fees.streaming <= MAX_STREAMING && fees.deposit <= MAX_FLOW
            && fees.redemption <= MAX_FLOW;
        require(within, Errors.FeeAboveCap());
        // Caps keep the sum small, and the remainders of an unsigned division are not negative.
        uint256 rest = fees.streaming % STEP + fees.deposit % STEP + fees.redemption % STEP;
        require(rest == 0, Errors.InvalidParameter());
    }

    /// @notice Shares that `rate` a year earns in `elapsed` seconds on `supply`, rounded down:
    /// `supply * (exp(rate * elapsed / YEAR) - 1)`, so that it matters little how often it is
    /// taken.
    function accruedDown(uint256 supply, uint256 rate, uint256 elapsed)
        internal
        pure
        returns (uint256)
    {
        // At the cap it takes 2,700 years to leave the range of the exponential.
        int256 growth = FixedPointMathLib.expWad(int256(rate * elapsed / YEAR));
        return supply.fullMulDiv(uint256(growth) - WAD, WAD);
    }

    /// @notice The part of `gross` shares that a fee takes, rounded up.
    function partUp(uint256 gross, uint256 rate) internal pure returns (uint256) {
        return gross.fullMulDivUp(rate, WAD);
    }

    /// @notice The least gross shares of which a fee leaves at least `net`.
    function grossUp(uint256 net, uint256 rate) internal pure returns (uint256) {
        return net.fullMulDivUp(WAD, WAD - rate);
    }
}
