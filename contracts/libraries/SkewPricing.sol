// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

/// @title SkewPricing
/// @notice Price impact and fees of a market that prices an order by the skew of its open interest
/// (Synthetix Perps V2), and their inverse: the size that reaches a leverage net of its own cost.
/// @dev Sizes, prices and rates are WAD. Signed operations truncate toward zero, as that market
/// does. Arithmetic is unchecked where it cannot overflow within these bounds, which the caller
/// keeps: sizes and skew below 2^119 and 40 scales in magnitude, scale at least 1e18, prices below 2^128,
/// fee rates at most 0.1e18.
library SkewPricing {
    uint256 internal constant WAD = 1e18;
    uint256 internal constant RAY = 1e27;
    int256 private constant SWAD = 1e18;
    int256 private constant SRAY = 1e27;
    int256 private constant RAY_PER_WAD = 1e9;
    uint256 private constant MAX_TERM = 1 << 124; // RAY, of an equation: 2e10
    uint256 private constant MAX_RATE = 1 << 94; // WAD, of a reward: as many bits in RAY

    /// @param price Index price.
    /// @param skew Long less short open interest before the order, in the underlying.
    /// @param scale Skew at which the premium is 100 %, in the underlying.
    /// @param maker Fee rate of an order that shrinks the skew.
    /// @param taker Fee rate of an order that grows the skew.
    struct Curve {
        uint256 price;
        int256 skew;
        uint256 scale;
        uint256 maker;
        uint256 taker;
    }

    /// @notice Fill price of an order: the mean of the premium before and after it. Not positive
    /// when the skew exceeds the scale on the short side.
    function fillPrice(Curve memory curve, int256 sizeDelta) internal pure returns (int256) {
        int256 price = int256(curve.price);
        int256 scale = int256(curve.scale);
        // A share of the scale has at most 66 bits in WAD.
        unchecked {
            int256 before = price + price * (curve.skew * SWAD / scale) / SWAD;
            int256 later = price + price * ((curve.skew + sizeDelta) * SWAD / scale) / SWAD;
            return (before + later) / 2;
        }
    }

    /// @notice Fee of an order at fill price `fill`, in the asset. An order that flips the skew
    /// pays the taker rate on the part beyond zero and the maker rate on the rest.
    function orderFee(Curve memory curve, int256 sizeDelta, uint256 fill)
        internal
        pure
        returns (uint256)
    {
        // A notional has at most 188 bits, and no part of it is larger.
        unchecked {
            int256 notional = sizeDelta * int256(fill) / SWAD;
            int256 skewAfter = curve.skew + sizeDelta;
            if (sameSide(skewAfter, curve.skew)) {
                uint256 rate = sameSide(notional, curve.skew) ? curve.taker : curve.maker;
                return FixedPointMathLib.abs(notional * int256(rate) / SWAD);
            }
            uint256 takerShare = FixedPointMathLib.abs(skewAfter * SWAD / sizeDelta);
            uint256 value = FixedPointMathLib.abs(notional);
            return value * takerShare / WAD * curve.taker / WAD + value * (WAD - takerShare) / WAD
                * curve.maker / WAD;
        }
    }

    /// @notice Whether two signed numbers point the same way; zero points both ways.
    function sameSide(int256 a, int256 b) internal pure returns (bool) {
        return a == 0 || b == 0 || (a > 0) == (b > 0);
    }

    /// @notice Solves `grow * x * price * inverseLeverage + cost(x) + rewardRate * x * price = gap`
    /// for the size x > 0 of an order, where `grow` is +1 for an order that enlarges the position
    /// and -1 for one that shrinks it.
    /// @dev In units of the scale, with z = x / scale and w = direction * skew / scale, an order
    /// with fee rate r on x less a discount o fills at `1 + direction * (w + z / 2)` and costs
    /// `fill * (r * z + o) + w * z + z^2 / 2`: a quadratic in z, with one set (r, o) up to the flip
    /// of the skew and another beyond it.
    /// @param direction +1 to buy, -1 to sell.
    /// @param gap Quote, WAD; positive when growing, negative when shrinking.
    /// @param inverseLeverage RAY.
    /// @param rewardRate WAD.
    /// @return found False when no size solves it.
    /// @return size WAD, unsigned, rounded down.
    function solve(
        Curve memory curve,
        int256 direction,
        int256 gap,
        uint256 inverseLeverage,
        uint256 rewardRate
    ) internal pure returns (bool found, uint256 size) {
        if (gap == 0) return (true, 0);
        // Products of an unbounded gap are checked.
        int256 g = gap * SRAY / int256(curve.price * curve.scale / WAD);
        // A share of the scale has at most 97 bits in RAY, a rate 87.
        unchecked {
            int256 w = direction * curve.skew * SRAY / int256(curve.scale);
            // An equity of 2e10 times its notional, or that of the scale, gets no solution: what
            // would solve it is dust, or beyond any order.
            if (inverseLeverage > MAX_TERM || FixedPointMathLib.abs(g) > MAX_TERM) {
                return (false, 0);
            }
            if (rewardRate > MAX_RATE) return (false, 0);
            int256 linear = (gap > 0 ? int256(inverseLeverage) : -int256(inverseLeverage))
                + int256(rewardRate) * RAY_PER_WAD + w;
            int256 maker = int256(curve.maker) * RAY_PER_WAD;
            int256 taker = int256(curve.taker) * RAY_PER_WAD;
            uint256 z;
            if (w >= 0) {
                (found, z) = _root(direction, w, linear, g, taker, 0);
            } else {
                (found, z) = _root(direction, w, linear, g, maker, 0);
                if (found && z > uint256(-w)) {
                    (found, z) = _root(direction, w, linear, g, taker, (taker - maker) * w / SRAY);
                }
            }
            size = FixedPointMathLib.fullMulDiv(z, curve.scale, RAY);
        }
    }

    /// @dev The root of `a z^2 + b z + c` nearest to zero, in the form that does not cancel.
    function _root(int256 direction, int256 w, int256 linear, int256 g, int256 rate, int256 offset)
        private
        pure
        returns (bool, uint256)
    {
        // `linear` and `g` have at most 125 bits, see `solve`; so `b` and `c` have 126, `a` has 90,
        // and the discriminant 253.
        unchecked {
            int256 base = SRAY + direction * w;
            int256 a = (SRAY + direction * rate) / 2;
            int256 b = linear + base * rate / SRAY + direction * offset / 2;
            int256 c = base * offset / SRAY - g;
            int256 discriminant = b * b - 4 * a * c;
            if (discriminant < 0 || b == 0 || c == 0 || (b > 0) == (c > 0)) return (false, 0);
            uint256 root = FixedPointMathLib.sqrt(uint256(discriminant));
            uint256 sum = FixedPointMathLib.abs(b) + root;
            return (true, FixedPointMathLib.fullMulDiv(2 * FixedPointMathLib.abs(c), RAY, sum));
        }
    }
}
