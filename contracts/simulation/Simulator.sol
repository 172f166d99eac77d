// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {Assessment, ILeveragedToken} from "../interfaces/ILeveragedToken.sol";
import {VenueState} from "../interfaces/IPerpVenue.sol";
import {LeverageMath} from "../libraries/LeverageMath.sol";
import {Policy, Progress, Trigger} from "../libraries/RebalancePolicy.sol";
import {MockAggregator} from "../mocks/MockAggregator.sol";
import {MockERC20} from "../mocks/MockERC20.sol";
import {SimulationMarket} from "./SimulationMarket.sol";

/// @notice What a step sees of a token, before anybody acts. WAD.
/// @param flags What is to be looked at, see `Simulator`.
/// @param price Index price.
/// @param size Signed.
/// @param equity Of the token.
/// @param supply Shares after fees.
/// @param fundingIndex What one unit of the underlying has received, of the asset.
/// @param reward Of a rebalance now, asset units.
struct Observation {
    uint256 flags;
    uint256 price;
    int256 size;
    uint256 equity;
    uint256 supply;
    int256 fundingIndex;
    uint256 reward;
}

/// @title Simulator
/// @notice Everything that happens around one token in a simulation, so that a bar is one call:
/// feed, holder, keeper, and the others of the market, who take the other side of what the token
/// trades until the market is balanced. It exists in simulations only.
///
/// A token whose leverage is within its band, and which neither a schedule, nor a move of the price,
/// nor what is left of an earlier rebalance can make due, is not asked: it would say `NothingDue`.
///
/// FLAGS
/// 1 a rebalance can be done; 2 the token can be liquidated; 4 the price is within 5 % of the one at
/// which it can be; 8 the price is refused.
contract Simulator {
    using SafeTransferLib for address;

    uint256 private constant WAD = 1e18;
    uint256 private constant DUE = 1;
    uint256 private constant LIQUIDATABLE = 2;
    uint256 private constant NEAR = 4;
    uint256 private constant REFUSED = 8;
    uint256 private constant NEARNESS = 0.05e18; // of the price
    /// @dev Leverage below which no liquidation is near: 15 % of the notional are more than that
    /// and any liquidation margin.
    uint256 private constant SAFE = WAD * WAD / 0.15e18;

    ILeveragedToken public immutable token;
    SimulationMarket public immutable market;
    MockAggregator public immutable feed;
    /// @notice Whether others balance the market.
    bool public immutable balances;
    uint256 private immutable _lower;
    uint256 private immutable _upper;
    uint256 private immutable _offset;
    uint256 private immutable _interval;
    uint256 private immutable _window;
    bool private immutable _asksAlways;

    /// @dev When the last slot of the schedule that was used began.
    uint32 private _slot;
    /// @dev Whether something was left of the last rebalance.
    bool private _rest;

    /// @param asksAlways Whether the token is asked at every bar.
    constructor(ILeveragedToken token_, MockAggregator feed_, bool balances_, bool asksAlways) {
        token = token_;
        market = SimulationMarket(address(token_.venue()));
        feed = feed_;
        balances = balances_;
        Policy memory policy = token_.logic().policyAt(token_.progress().policy);
        (_lower, _upper) = (policy.lower, policy.upper);
        (_offset, _interval, _window) = (policy.offset, policy.interval, policy.window);
        _asksAlways = asksAlways || policy.emergencyMove > 0;
        address asset = market.asset();
        asset.safeApprove(address(token_), type(uint256).max);
        asset.safeApprove(address(market), type(uint256).max);
    }

    /// @notice Publishes `answer` unless it is 0, sets the funding rate (a day, WAD) if `imposes`,
    /// and looks.
    function step(int256 answer, bool imposes, int256 rate) external returns (Observation memory) {
        if (answer > 0) feed.push(answer);
        if (imposes) market.setFundingRate(rate);
        return observe();
    }

    /// @notice The token now.
    function observe() public view returns (Observation memory seen) {
        (VenueState memory state, int256 index) = market.stateAndFunding(address(token));
        (seen.price, seen.size, seen.equity) = (state.price, state.size, state.equity);
        seen.supply = token.supplyAfterFees();
        seen.fundingIndex = index;
        if (state.fault != 0) seen.flags = REFUSED;
        uint256 l = LeverageMath.leverage(state.size, state.price, state.equity);
        if (l > SAFE) seen.flags |= _danger(state);
        if (l > _lower && l < _upper && !_mayBeDue()) return seen;
        Assessment memory a = token.assess();
        if (a.reason == 0) (seen.flags, seen.reward) = (seen.flags | DUE, a.reward);
    }

    /// @notice Puts `assets` (asset units) into the token, for this contract.
    function deposit(uint256 assets) external returns (uint256 shares) {
        MockERC20(market.asset()).mint(address(this), assets);
        shares = token.deposit(assets, address(this), 0, block.timestamp);
        _balance();
    }

    /// @notice Takes the part `shares` out of the token.
    function redeem(uint256 shares) external returns (uint256 assets) {
        assets = token.redeem(shares, address(this), address(this), 0, block.timestamp);
        _balance();
    }

    /// @notice Rebalances the token.
    function rebalance() external returns (Observation memory) {
        token.rebalance();
        Progress memory last = token.progress();
        (_slot, _rest) = (last.slot, last.unfinished != Trigger.None);
        _balance();
        return observe();
    }

    /// @notice Liquidates the token.
    function liquidate() external {
        market.flag(address(token));
        market.liquidate(address(token));
        _balance();
    }

    /// @notice Margin of the others, asset units.
    function fund(uint256 assets) external {
        MockERC20(market.asset()).mint(address(this), assets);
        market.depositMargin(assets);
    }

    function _balance() private {
        if (!balances) return;
        int256 skew = market.marketState().skew;
        if (skew == 0) return;
        uint256 limit = skew < 0 ? type(uint256).max : 0;
        market.trade(-skew, 0, limit, address(this));
    }

    /// @dev Whether something else than the band can be due.
    function _mayBeDue() private view returns (bool) {
        if (_asksAlways || _rest) return true;
        if (_interval == 0) return false;
        uint256 past = (block.timestamp - _offset) % _interval;
        return past < _window && block.timestamp - past > _slot;
    }

    function _danger(VenueState memory state) private view returns (uint256 flags) {
        if (market.accountReport(address(token)).canLiquidate) return LIQUIDATABLE | NEAR;
        uint256 edge = market.liquidationPrice(address(token));
        uint256 gap = edge > state.price ? edge - state.price : state.price - edge;
        return gap * WAD <= NEARNESS * state.price ? NEAR : 0;
    }
}
