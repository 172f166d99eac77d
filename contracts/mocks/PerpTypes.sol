// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @notice The rules of a market. Sizes in the underlying, money in the asset, all WAD.
/// @param skewScale Skew at which the premium is 100 %.
/// @param maxFundingVelocity Change of the funding rate a day, per day, when the whole scale is
/// skewed.
/// @param makerFee Fee rate of an order that shrinks the skew.
/// @param takerFee Fee rate of an order that grows the skew.
/// @param maxLeverage Largest leverage after an order.
/// @param maxMarketSize Largest open interest of each side.
/// @param liquidationBufferRatio Liquidation margin as a fraction of the notional.
/// @param liquidationPremiumMultiplier Weight of a position's own size in its liquidation.
/// @param liquidationFeeRatio Liquidator's fee as a fraction of the notional, between the next two.
/// @param minKeeperFee Smallest liquidation fee, and the deposit of a delayed order; above 0.
/// @param maxKeeperFee Largest liquidation fee.
/// @param keeperLiquidationFee Fixed part of the liquidator's pay.
/// @param minInitialMargin Smallest margin of an account with a position.
/// @param maxDivergence Smallest difference of an execution price from the index price that is
/// refused, a fraction.
/// @param maxLiquidationDelta Size from which a position is too large to liquidate, as a fraction
/// of the scale.
/// @param maxLiquidationSkew Skew from which nobody is liquidated, as a fraction of the scale.
/// @param minOrderAge A delayed order executes at a price published more than this after it was
/// submitted, seconds.
/// @param maxOrderAge A delayed order executes less than this after it was submitted, and is
/// cancelled more than this after, seconds.
/// @param forcedLiquidationDelay Time after a flag at which size and skew no longer protect from
/// liquidation, seconds.
/// @param settlementDelay Time without a good price after which the market settles, seconds.
struct MarketParams {
    uint256 skewScale;
    uint256 maxFundingVelocity;
    uint256 makerFee;
    uint256 takerFee;
    uint256 maxLeverage;
    uint256 maxMarketSize;
    uint256 liquidationBufferRatio;
    uint256 liquidationPremiumMultiplier;
    uint256 liquidationFeeRatio;
    uint256 minKeeperFee;
    uint256 maxKeeperFee;
    uint256 keeperLiquidationFee;
    uint256 minInitialMargin;
    uint256 maxDivergence;
    uint256 maxLiquidationDelta;
    uint256 maxLiquidationSkew;
    uint256 minOrderAge;
    uint256 maxOrderAge;
    uint256 forcedLiquidationDelay;
    uint256 settlementDelay;
}

/// @notice The market now. What it owes and holds is in WAD, so that both compare.
/// @param price Index price, WAD; the last one that was marked when `fault` is not 0 or the market
/// is settled.
/// @param skew Long less short open interest, WAD of the underlying.
/// @param openInterest Long plus short, WAD of the underlying.
/// @param fundingRate A day, WAD; longs pay while it is positive.
/// @param fundingVelocity Change of the rate a day, WAD.
/// @param fundingIndex What one unit of the underlying has received since the start, WAD of the
/// asset.
/// @param correction Sum over the positions of `margin - size * (lastPrice + fundingIndex)`, each
/// as it was booked.
/// @param debt What the market owes to its accounts: the sum of their equities, where one below
/// zero counts as such until it is liquidated; never below 0.
/// @param cash Assets that the market has booked, asset units.
/// @param escrow The part of the cash that is deposits of live orders.
/// @param fault 0 when the price is good.
/// @param settled Whether everything has ended at the last good price.
struct MarketState {
    uint256 price;
    int256 skew;
    uint256 openInterest;
    int256 fundingRate;
    int256 fundingVelocity;
    int256 fundingIndex;
    int256 correction;
    uint256 debt;
    uint256 cash;
    uint256 escrow;
    bytes4 fault;
    bool settled;
}

/// @notice An account at the index price, WAD.
/// @param funding Since its last mark, + received.
/// @param remainingMargin Its equity, never below 0, as if the market could pay it.
/// @param accessibleMargin What could be taken out, but for the health of the position: a little
/// less than the rest allows.
/// @param canLiquidate Whether it can be liquidated.
struct AccountReport {
    int256 funding;
    uint256 remainingMargin;
    uint256 accessibleMargin;
    bool canLiquidate;
}

/// @notice What keeps an account from acting.
enum Status {
    Free,
    Ordered,
    Flagged
}

/// @notice A position while it is worked on; the margin may be below zero until a check refuses
/// it. `booked` is its part of the market's correction.
struct Position {
    int256 margin;
    int256 lastPrice;
    int256 size;
    int256 fundingIndex;
    int256 booked;
    Status status;
}

/// @notice What an order did to a position, or with a fault would have done.
struct Fill {
    int256 sizeDelta;
    uint256 price;
    uint256 fee;
    int256 cost;
    bytes4 fault;
}

/// @notice An order that waits.
/// @param sizeDelta WAD, signed; 0: there is none.
/// @param limit Worst acceptable fill price, WAD: a maximum when buying, a minimum when
/// selling.
/// @param keeperDeposit What executing it pays, WAD of the asset.
/// @param submittedAt Seconds since the epoch.
struct Order {
    int128 sizeDelta;
    uint128 limit;
    uint128 keeperDeposit;
    uint32 submittedAt;
}
