// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {SkewPricing} from "../libraries/SkewPricing.sol";
import {MarketState, Position} from "./PerpTypes.sol";

/// @title PerpMath
/// @notice What a position and a market are worth: the formulas of Synthetix Perps V2 that need no
/// rules. Signed operations truncate toward zero. Nothing is checked that the bounds of `PerpBook`
/// keep from overflowing.
library PerpMath {
    using FixedPointMathLib for int256;

    int256 private constant WAD = 1e18;

    function notional(int256 size, uint256 price) internal pure returns (uint256) {
        // By the bounds of `PerpBook`.
        unchecked {
            return size.abs() * price / uint256(WAD);
        }
    }

    /// @dev Whether a position only shrinks.
    function isReducing(int256 old, int256 next) internal pure returns (bool) {
        return next.abs() < old.abs() && SkewPricing.sameSide(old, next);
    }

    /// @dev Margin + profit at `price` + funding.
    function marginAt(MarketState memory market, Position memory position, int256 price)
        internal
        pure
        returns (int256)
    {
        // By the bounds of `PerpBook`.
        unchecked {
            int256 profit = position.size * (price - position.lastPrice) / WAD;
            return position.margin + profit + funding(market, position);
        }
    }

    /// @dev Margin + profit + funding at the index price; below 0 when more than all is lost.
    function marked(MarketState memory market, Position memory position)
        internal
        pure
        returns (int256)
    {
        return marginAt(market, position, int256(market.price));
    }

    /// @dev Equity at the index price, WAD, never below 0, as if the market could pay it.
    function equity(MarketState memory market, Position memory position)
        internal
        pure
        returns (uint256)
    {
        return uint256(marked(market, position).max(0));
    }

    function funding(MarketState memory market, Position memory position)
        internal
        pure
        returns (int256)
    {
        // By the bounds of `PerpBook`.
        unchecked {
            return position.size * (market.fundingIndex - position.fundingIndex) / WAD;
        }
    }

    /// @dev The part of an equity that does not move with price and funding.
    function correction(Position memory position) internal pure returns (int256) {
        // By the bounds of `PerpBook`.
        unchecked {
            int256 opened = position.lastPrice + position.fundingIndex;
            return position.margin - position.size * opened / WAD;
        }
    }

    /// @dev Moves the mark of a position to the index price: profit and funding become margin.
    function mark(MarketState memory market, Position memory position) internal pure {
        if (position.size == 0) return;
        position.margin = marked(market, position);
        position.lastPrice = int256(market.price);
        position.fundingIndex = market.fundingIndex;
    }

    function resize(MarketState memory market, Position memory position, int256 sizeDelta)
        internal
        pure
    {
        // By the bounds of `PerpBook`; a position is part of the open interest.
        unchecked {
            int256 size = position.size + sizeDelta;
            market.openInterest = market.openInterest + size.abs() - position.size.abs();
            market.skew += sizeDelta;
            position.size = size;
        }
    }

    function signedDebt(MarketState memory market) internal pure returns (int256) {
        // By the bounds of `PerpBook`.
        unchecked {
            int256 worth = market.skew * (int256(market.price) + market.fundingIndex) / WAD;
            return worth + market.correction;
        }
    }

    /// @dev What the market owes its accounts at the index price, WAD: the sum of their equities.
    function debtOf(MarketState memory market) internal pure returns (uint256) {
        return uint256(signedDebt(market).max(0));
    }
}
