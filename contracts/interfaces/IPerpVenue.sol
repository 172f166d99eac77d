// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOracle} from "./IOracle.sol";

/// @notice An account at the venue, marked at the index price.
/// @param price Index price, WAD; that of the last verb when `fault` is not 0 or the venue has
/// ended.
/// @param size Position in the underlying, WAD, + long, - short.
/// @param equity Margin + unrealised profit + accrued funding, WAD, never below 0; the part of it
/// that the venue can pay to everybody when it owes more than it has.
/// @param fault 0 when the price is good, otherwise the selector of the error that a verb raises; a
/// venue that has ended says so here.
struct VenueState {
    uint256 price;
    int256 size;
    uint256 equity;
    bytes4 fault;
}

/// @notice What a trade would do.
/// @param fill Fill price, WAD; 0 when there is none.
/// @param fee Order fee, WAD of the asset.
/// @param cost Equity lost by the trade: fee + sizeDelta * (fill - index price), WAD; negative when
/// the skew pays. Given as soon as there is a fill, whether the venue would accept the trade or
/// not.
/// @param releasable Margin that the venue would let go and could pay after the trade, asset units,
/// rounded down.
/// @param whyNot 0 when the venue would accept the trade, otherwise the selector of the error.
struct Quote {
    uint256 fill;
    uint256 fee;
    int256 cost;
    uint256 releasable;
    bytes4 whyNot;
}

/// @notice What a flow in did.
/// @param price Index price, WAD.
/// @param size Position after the flow, WAD, signed.
/// @param equityBefore Equity before the flow, WAD.
/// @param equityAfter Equity after the flow, WAD.
/// @param gain What the payer brought, net of the cost of the trade, WAD: `assets - cost`, and at
/// most `assets` when the account had no position.
/// @param opened Whether it had none.
struct Entry {
    uint256 price;
    int256 size;
    uint256 equityBefore;
    uint256 equityAfter;
    uint256 gain;
    bool opened;
}

/// @notice What a flow out did.
/// @param paid Assets that left, asset units, rounded down.
/// @param flat True when no position is left.
/// @param price Index price, WAD.
/// @param equityAfter Equity after the flow, WAD, as `VenueState` has it; a preview does not tell.
struct Exit {
    uint256 paid;
    bool flat;
    uint256 price;
    uint256 equityAfter;
}

/// @notice The rules of the venue that hold for every account.
/// @param maxLeverage Largest leverage after a trade, WAD.
/// @param minEquity Smallest equity of an account with a position, WAD.
/// @param feeRate Largest order fee as a fraction of the notional, WAD.
/// @param liquidationBuffer The part of the liquidation margin that is a fraction of the notional,
/// WAD; fees and the size of a position add to it.
/// @param liquidationFeeRatio The liquidator's fee as a fraction of the notional, WAD.
/// @param premiumMultiplier Weight of a position's own size in its liquidation margin, WAD.
/// @param skewScale Size at which the price impact is 100 %, WAD.
struct VenueLimits {
    uint256 maxLeverage;
    uint256 minEquity;
    uint256 feeRate;
    uint256 liquidationBuffer;
    uint256 liquidationFeeRatio;
    uint256 premiumMultiplier;
    uint256 skewScale;
}

/// @notice The venue as a dashboard shows it.
/// @param fundingRate A day, WAD, signed; longs pay while it is positive.
/// @param skew Long less short open interest, WAD of the underlying.
/// @param solvency Part that the venue can pay of what it owes, WAD; 1e18 when it can pay all.
struct VenueReport {
    int256 fundingRate;
    int256 skew;
    uint256 solvency;
}

/// @title IPerpVenue
/// @notice The only door between a token and a perpetual market. The account is always the caller.
/// Assets that come in have been sent to the venue before the call, which credits at most its
/// balance less what it has booked: a gift stays unbooked, changes nothing for anyone's position,
/// and belongs to whoever books it first. Every verb makes one state-changing call here.
interface IPerpVenue {
    /// @notice The ERC-20 in which margin is paid; the quote currency of the price.
    function asset() external view returns (address);

    /// @notice Where the index price comes from.
    function oracle() external view returns (IOracle);

    /// @notice The rules that hold for every account.
    function limits() external view returns (VenueLimits memory);

    /// @notice The venue now, for dashboards. Never reverts.
    function report() external view returns (VenueReport memory);

    /// @notice By how much the positions of one side can still grow, WAD of the underlying. Never
    /// reverts.
    function capacity(bool long) external view returns (uint256);

    /// @notice The account now. Never reverts.
    function state(address account) external view returns (VenueState memory);

    /// @notice About the index price at which the account becomes liquidatable if nothing else
    /// changes, WAD: with the liquidation margin of the price now. 0 when it never does.
    function liquidationPrice(address account) external view returns (uint256);

    /// @notice What trading `sizeDelta` (WAD, signed) would do after `marginDelta` (asset units)
    /// was added: the margin decides whether the venue accepts, not what it costs.
    function quote(address account, int256 sizeDelta, uint256 marginDelta)
        external
        view
        returns (Quote memory);

    /// @notice The trade after which `|size| * price = |leverage| * equity`, where the equity is
    /// net of the cost of the trade and of a reward of `rewardRate * |sizeDelta| * price`.
    /// @param assets Added to the equity before the trade, asset units; negative when taken.
    /// @param leverage Signed, WAD; its sign is that of the position.
    /// @param rewardRate Fraction of the traded notional at index price, WAD.
    /// @return sizeDelta WAD, signed, rounded toward zero; 0 when there is no such trade.
    /// @return q What that trade would do now, before `assets` move; `whyNot` says also why there is
    /// none.
    function sizeFor(address account, int256 assets, int256 leverage, uint256 rewardRate)
        external
        view
        returns (int256 sizeDelta, Quote memory q);

    /// @notice What `enter` would do now; reverts where it would.
    function previewEnter(address account, uint256 assets, int256 leverage)
        external
        view
        returns (Entry memory);

    /// @notice What `exit` would do now; reverts where it would.
    function previewExit(address account, uint256 numerator, uint256 denominator)
        external
        view
        returns (Exit memory);

    /// @notice A flow in: books `assets` (asset units) and enlarges the position so that leverage
    /// stays as it is, net of the cost of the trade. Without a position it opens one of `leverage`
    /// (signed, WAD) on the whole equity.
    function enter(uint256 assets, int256 leverage) external returns (Entry memory);

    /// @notice A flow out: closes the fraction `numerator / denominator` of the position and pays
    /// `to` the same fraction of the equity less what the trade cost. When less than `minEquity`
    /// would be left, the whole position is closed at the leaver's cost. Pays at most `most` (asset
    /// units): what is beyond stays in the account.
    function exit(uint256 numerator, uint256 denominator, uint256 most, address to)
        external
        returns (Exit memory);

    /// @notice An exact trade: margin in, then the trade, then margin out.
    /// @param sizeDelta WAD, signed; 0 moves margin only.
    /// @param marginDelta Asset units; what is negative is paid to `to`.
    /// @param limit Worst acceptable fill price, WAD: a maximum when buying, a minimum when
    /// selling.
    function trade(int256 sizeDelta, int256 marginDelta, uint256 limit, address to)
        external
        returns (VenueState memory);
}
