// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Errors
/// @notice Every fault of the protocol by name. Views hand faults around as selectors (`bytes4`, 0
/// for none) so that they need not revert; a verb raises the same fault as an error.
library Errors {
    /// @notice The bounded call would take more assets than the caller allows.
    error AssetsAboveMaximum();
    /// @notice The bounded call would pay fewer assets than the caller allows.
    error AssetsBelowMinimum();
    /// @notice Assets reached the venue in a smaller amount than the caller announced.
    error AssetsNotReceived();
    /// @notice The deposit is smaller than the smallest that the token takes.
    error BelowMinimumDeposit();
    /// @notice The equity is below what the venue asks of an open position, so the position may
    /// only shrink.
    error BelowMinimumEquity();
    /// @notice What is left to trade is too small to be worth its cost.
    error BelowMinimumTrade();
    /// @notice The publishers are too uncertain of the price.
    error ConfidenceTooWide();
    /// @notice Too little time has passed since the last rebalance.
    error CooldownActive();
    /// @notice Trading the fraction costs as much as the fraction is worth.
    error CostAboveValue();
    /// @notice The deadline of the call has passed.
    error DeadlinePassed();
    /// @notice Deposits are paused; redemptions go on.
    error DepositsPaused();
    /// @notice Neither a change of size nor of margin was asked for.
    error EmptyOrder();
    /// @notice The position was lost: there is no equity to share out.
    error EquityGone();
    /// @notice The exponent of the price is not one that the oracle scales.
    error ExponentOutOfRange();
    /// @notice The fee exceeds its constant cap.
    error FeeAboveCap();
    /// @notice The feed reverted, is not a contract, or answered something that is no price.
    error FeedUnavailable();
    /// @notice The fill price lies beyond the limit.
    error FillBeyondLimit();
    /// @notice The price impact would make the fill price zero or negative.
    error FillNotPositive();
    /// @notice The fraction asked for is not between 0 and 1.
    error FractionOutOfRange();
    /// @notice The venue does not hold enough cash to pay.
    error InsufficientCash();
    /// @notice Less ether was sent than the update of a price costs.
    error InsufficientFee();
    /// @notice The margin does not carry the position asked for.
    error InsufficientMargin();
    /// @notice A constructor argument is out of its range.
    error InvalidParameter();
    /// @notice The policy breaks the rule named by `field`.
    error InvalidPolicy(bytes32 field);
    /// @notice A rebalance did not bring leverage closer to its target, or went too far past it.
    error LeverageNotImproved();
    /// @notice The account can be liquidated, or could be after the trade.
    error Liquidatable();
    /// @notice The position is too large to liquidate before the delay after its flag.
    error LiquidationTooLarge();
    /// @notice The liquidity does not fill what the pool lacks.
    error LiquidityBelowDeficit();
    /// @notice The market owes more than it has: nothing comes in until it is whole.
    error MarketInsolvent();
    /// @notice Price or skew moved while the assets were on their way.
    error MarketMoved();
    /// @notice The market has ended at its last good price: positions can only be left.
    error MarketSettled();
    /// @notice The open interest of the side would exceed the cap of the market.
    error MarketSizeExceeded();
    /// @notice The position would exceed the maximum leverage of the venue.
    error MaxLeverageExceeded();
    /// @notice The account has no order that waits.
    error NoOrder();
    /// @notice The market has no source of execution prices, so no delayed orders.
    error NoPullOracle();
    /// @notice No size reaches the leverage asked for: trading costs more than it moves.
    error NoSolution();
    /// @notice The caller does not hold the role that this call asks for.
    error NotAllowed();
    /// @notice The account has not been flagged for liquidation.
    error NotFlagged();
    /// @notice The account cannot be liquidated.
    error NotLiquidatable();
    /// @notice Leverage lies inside the band and nothing is left of an earlier rebalance.
    error NothingDue();
    /// @notice The token lives: its position is not lost, its venue not ended, and it is not
    /// closing.
    error NothingToClose();
    /// @notice The account has an order that waits; it must be executed or cancelled first.
    error OrderLive();
    /// @notice The order is too young to be cancelled.
    error OrderNotExpired();
    /// @notice The order is too old to be executed; it can only be cancelled.
    error OrderTooOld();
    /// @notice The price was published too soon after the order was submitted.
    error OrderTooYoung();
    /// @notice The account awaits its liquidation.
    error PositionFlagged();
    /// @notice The price was published after now.
    error PriceFromFuture();
    /// @notice The market settles only while its price is bad.
    error PriceIsGood();
    /// @notice The price is zero or negative.
    error PriceNotPositive();
    /// @notice The newest price was published before the order was submitted.
    error PriceNotUpdated();
    /// @notice The price lies outside the bounds within which the feed can be trusted.
    error PriceOutOfBounds();
    /// @notice The price is older than the heartbeat of its feed.
    error PriceStale();
    /// @notice Two sources of the price differ by more than is allowed.
    error PricesDiverge();
    /// @notice The receiver did not take the rest of the ether that was sent.
    error RefundFailed();
    /// @notice The round of the feed has no answer yet.
    error RoundIncomplete();
    /// @notice The sequencer of the rollup is down.
    error SequencerDown();
    /// @notice The sequencer of the rollup came up so recently that prices do not count yet.
    error SequencerGracePeriod();
    /// @notice The feed of the sequencer's uptime reverted, is not a contract, or says nothing.
    error SequencerUnavailable();
    /// @notice The price has not been bad for long enough, or nobody has looked at it.
    error SettlementTooEarly();
    /// @notice More shares than the provider owns.
    error SharesAboveBalance();
    /// @notice The bounded call would burn more shares than the caller allows.
    error SharesAboveMaximum();
    /// @notice The first deposit does not cover the shares that are locked for ever.
    error SharesBelowLocked();
    /// @notice The bounded call would give fewer shares than the caller allows.
    error SharesBelowMinimum();
    /// @notice The position would be too large to be reduced in an emergency.
    error SizeLimitExceeded();
    /// @notice The market is too skewed to liquidate before the delay after the flag.
    error SkewTooLarge();
    /// @notice The supply would exceed its cap.
    error SupplyCapExceeded();
    /// @notice A token with these parameters exists already.
    error TokenExists();
    /// @notice The token holds no position; the next deposit opens one.
    error TokenFlat();
    /// @notice The token is closing or closed: nothing comes in.
    error TokenNotLive();
    /// @notice The amount is zero, or so small that it rounds to zero.
    error ZeroAmount();

    /// @notice Reverts with the error that has the selector `fault`; does nothing when it is 0.
    function raise(bytes4 fault) internal pure {
        if (fault == 0) return;
        // The scratch word at 0 may hold anything, and control does not return.
        assembly ("memory-safe") {
            mstore(0, fault)
            revert(0, 4)
        }
    }
}
