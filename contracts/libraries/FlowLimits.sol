// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {ILeveragedToken} from "../interfaces/ILeveragedToken.sol";
import {VenueState} from "../interfaces/IPerpVenue.sol";
import {FeeMath} from "./FeeMath.sol";
import {Flows} from "./Flows.sol";
import {Bounds, Subject} from "./Subject.sol";

/// @notice A flow whose largest amount is asked for.
enum Flow {
    Deposit,
    Mint,
    Withdraw,
    Redeem
}

/// @title FlowLimits
/// @notice The largest flows that would go through now (the `max*` of ERC-4626): each is guessed
/// and then found by trying, so that one unit more fails. Nothing here reverts while the views of
/// the venue do not.
library FlowLimits {
    using FeeMath for uint256;
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;

    uint256 private constant MOST_STEPS = 1 << 200; // beyond any amount

    struct Asked {
        ILeveragedToken token;
        Bounds bounds;
    }

    /// @notice The largest `flow`: asset units for a deposit or a withdrawal, shares for a mint or
    /// a redemption.
    function largest(Subject calldata subject, Bounds memory b, Flow flow)
        internal
        view
        returns (uint256)
    {
        Asked memory asked = Asked(ILeveragedToken(msg.sender), b);
        if (flow == Flow.Redeem) {
            bool all = b.owned == 0 || _isRedeemable(asked, b.owned);
            return all ? b.owned : _search(asked, b.owned, _isRedeemable);
        }
        if (flow == Flow.Withdraw) {
            if (b.owned == 0) return 0;
            return _search(asked, asked.token.previewRedeem(b.owned), _isWithdrawable);
        }
        if (!b.isOpen) return 0;
        VenueState memory state = subject.venue.state(msg.sender);
        if (state.fault != 0 || (b.supply > 0 && state.equity == 0)) return 0;
        uint256 shares = _room(subject, b, state);
        shares -= shares.partUp(b.depositFee);
        if (flow == Flow.Mint) return _least(asked, _search(asked, shares, _isMintable));
        // What those shares cost is about the largest deposit.
        try asked.token.mintOrder(shares) returns (uint256 assets, uint256, uint256) {
            assets = _search(asked, assets, _isDepositable);
            return assets < b.minDeposit ? 0 : assets;
        } catch {
            uint256 value = b.supply == 0 ? shares : shares.fullMulDiv(state.equity, b.supply);
            value = _search(asked, value / subject.unit, _isDepositable);
            return value < b.minDeposit ? 0 : value;
        }
    }

    /// @dev The shares, or none when they cost less than the smallest deposit.
    function _least(Asked memory asked, uint256 shares) private view returns (uint256) {
        if (shares == 0) return 0;
        (uint256 assets,,) = asked.token.mintOrder(shares);
        return assets < asked.bounds.minDeposit ? 0 : shares;
    }

    /// @dev About the shares that may be added, fee included.
    function _room(Subject calldata subject, Bounds memory b, VenueState memory state)
        private
        view
        returns (uint256)
    {
        uint256 size = b.maxSize.zeroFloorSub(state.size.abs())
            .min(subject.venue.capacity(subject.target > 0));
        uint256 shares = b.supplyCap.zeroFloorSub(b.supply);
        if (state.size != 0) return shares.min(size.fullMulDiv(b.supply, state.size.abs()));
        uint256 equity = size.fullMulDiv(state.price, subject.target.abs());
        if (b.supply == 0) {
            return shares.min(equity).zeroFloorSub(Flows.lockedShares(0, subject.unit));
        }
        return shares.min(equity.zeroFloorSub(state.equity).fullMulDiv(b.supply, state.equity));
    }

    function _isDepositable(Asked memory asked, uint256 assets) private view returns (bool) {
        try asked.token.depositOrder(assets) returns (uint256, uint256 supply, uint256 size) {
            return supply <= asked.bounds.supplyCap && size <= asked.bounds.maxSize;
        } catch {
            return false;
        }
    }

    function _isMintable(Asked memory asked, uint256 shares) private view returns (bool) {
        try asked.token.mintOrder(shares) returns (uint256, uint256 supply, uint256 size) {
            return supply <= asked.bounds.supplyCap && size <= asked.bounds.maxSize;
        } catch {
            return false;
        }
    }

    function _isWithdrawable(Asked memory asked, uint256 assets) private view returns (bool) {
        try asked.token.previewWithdraw(assets) returns (uint256 burned) {
            return burned <= asked.bounds.owned;
        } catch {
            return false;
        }
    }

    function _isRedeemable(Asked memory asked, uint256 shares) private view returns (bool) {
        if (shares > asked.bounds.owned) return false;
        try asked.token.previewRedeem(shares) {
            return true;
        } catch {
            return false;
        }
    }

    /// @dev A number that passes the test while the next does not, 0 when none was found: the
    /// largest where everything below a number that passes does too. Few tests are needed where the
    /// guess is good.
    function _search(
        Asked memory asked,
        uint256 guess,
        function(Asked memory, uint256) view returns (bool) test
    ) private view returns (uint256 low) {
        uint256 high;
        uint256 step = 1;
        guess = guess.max(1);
        if (test(asked, guess)) {
            low = guess;
            while (step < MOST_STEPS && test(asked, low + step)) {
                low += step;
                step *= 2;
            }
            high = low + step;
        } else {
            high = guess;
            while (step < high && !test(asked, high - step)) {
                high -= step;
                step *= 2;
            }
            low = high.zeroFloorSub(step);
        }
        while (high - low > 1) {
            uint256 middle = low + (high - low) / 2;
            if (test(asked, middle)) low = middle;
            else high = middle;
        }
    }
}
