// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {LibString} from "solady/utils/LibString.sol";
import {ReentrancyGuardTransient} from "solady/utils/ReentrancyGuardTransient.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {Assessment, ILeveragedToken, TokenParams} from "./interfaces/ILeveragedToken.sol";
import {Entry, Exit, IPerpVenue, Quote, VenueLimits, VenueState} from "./interfaces/IPerpVenue.sol";
import {Errors} from "./libraries/Errors.sol";
import {LeverageMath} from "./libraries/LeverageMath.sol";
import {Policy, Progress, RebalancePolicy, Trigger} from "./libraries/RebalancePolicy.sol";

/// @title LeveragedToken
/// @notice An ERC-20 share of one leveraged position at one perpetual venue. Anyone mints and
/// redeems at net asset value, anyone rebalances.
///
/// SHARE PRICE
/// Equity of the position at the index price, divided by the supply. A flow in or out trades its
/// exact fraction of the position and bears the actual fill: it never lowers the share price of the
/// others and leaves leverage as it is. The first deposit, and a deposit into a token without
/// position, open one at the target leverage, net of cost. Shares worth about 0.001 of the asset
/// are locked for ever at the first deposit.
///
/// REBALANCING
/// Due when leverage leaves the band, when it reaches the emergency level, or when an earlier
/// rebalance was only a slice. Trigger, direction, size, price limit and reward are computed here;
/// the caller chooses nothing. Afterwards leverage is strictly closer to the target, and at most
/// 0.01 % of it past it, or the call reverts.
///
/// FLAT
/// When a redemption would leave less equity than the venue asks of a position, the whole position
/// is closed at the leaver's cost. The rest stays redeemable, and the next deposit opens a position
/// again.
///
/// VENUE MUST
/// - credit assets only once, and at most its balance less what it has booked.
/// - trade and pay as its previews say, within one block.
/// - report an equity that nothing but trades, funding, the price and this token's own calls can
///   change.
///
/// ORACLE MUST
/// - name a fault instead of answering a bad price: every verb that prices reverts with it.
///
/// ROUNDING
/// Against the caller: shares given and assets paid down, assets taken up. The remainder stays with
/// the holders.
///
/// EMERGENCY
/// An invalid price, a liquidatable or flagged account, a leverage beyond the venue's maximum, or a
/// venue without cash delays redemptions. When the position has been liquidated there is nothing
/// left: every verb reverts with `EquityGone`.
///
/// ROLES
/// None. No owner, no setter, no pause.
contract LeveragedToken is ILeveragedToken, ERC20, ReentrancyGuardTransient {
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using RebalancePolicy for Policy;
    using SafeCastLib for int256;
    using SafeCastLib for uint256;
    using SafeTransferLib for address;

    uint256 private constant WAD = 1e18;
    uint256 private constant MAX_LEVERAGE = 100e18; // far beyond any venue; keeps products small
    uint256 private constant LOCKED_SHARES = 1e15;
    uint256 private constant LOCKED_UNITS = 1000;
    address private constant LOCKED_OWNER = address(0xdead);

    /// @notice The ERC-20 that is paid in and out.
    address public immutable asset;
    /// @inheritdoc ILeveragedToken
    IPerpVenue public immutable venue;
    /// @inheritdoc ILeveragedToken
    int256 public immutable targetLeverage;

    bytes32 private immutable _name;
    bytes32 private immutable _symbol;
    /// @dev |targetLeverage|.
    uint256 private immutable _target;
    /// @dev WAD per asset unit.
    uint256 private immutable _unit;

    Policy private _policy;
    Progress private _progress;

    constructor(TokenParams memory params) {
        venue = params.venue;
        asset = params.venue.asset();
        targetLeverage = params.targetLeverage;
        _name = params.name;
        _symbol = params.symbol;
        _target = params.targetLeverage.abs();
        uint256 decimals = ERC20(asset).decimals();
        require(decimals >= 6 && decimals <= 18, Errors.InvalidParameter());
        require(_target <= MAX_LEVERAGE, Errors.InvalidParameter());
        // The last byte of a string of at most 31 characters is zero.
        require(uint8(uint256(_name)) | uint8(uint256(_symbol)) == 0, Errors.InvalidParameter());
        _unit = 10 ** (18 - decimals);
        params.policy.validate(_target, params.venue.limits());
        _policy = params.policy;
    }

    // Views

    /// @notice Name of the token.
    function name() public view override returns (string memory) {
        return LibString.fromSmallString(_name);
    }

    /// @notice Symbol of the token.
    function symbol() public view override returns (string memory) {
        return LibString.fromSmallString(_symbol);
    }

    /// @inheritdoc ILeveragedToken
    function policy() external view returns (Policy memory) {
        return _policy;
    }

    /// @inheritdoc ILeveragedToken
    function progress() external view returns (Progress memory) {
        return _progress;
    }

    /// @notice Equity of the position at index price, asset units, rounded down.
    function totalAssets() external view returns (uint256) {
        return _state().equity / _unit;
    }

    /// @inheritdoc ILeveragedToken
    function sharePrice() external view returns (uint256) {
        uint256 supply = totalSupply();
        return supply == 0 ? WAD : LeverageMath.toValueDown(WAD, supply, _state().equity);
    }

    /// @inheritdoc ILeveragedToken
    function leverage() external view returns (uint256) {
        return _leverage(_state());
    }

    /// @inheritdoc ILeveragedToken
    function priceValid() external view returns (bool) {
        return _state().fault == 0;
    }

    /// @notice Shares that `assets` are worth at the share price, rounded down; the cost of trading
    /// is not in it.
    function convertToShares(uint256 assets) external view returns (uint256) {
        uint256 supply = totalSupply();
        uint256 value = assets * _unit;
        if (supply == 0) return value;
        uint256 equity = _state().equity;
        return equity == 0 ? 0 : LeverageMath.toSharesDown(value, supply, equity);
    }

    /// @notice Assets that `shares` are worth at the share price, rounded down; the cost of trading
    /// is not in it.
    function convertToAssets(uint256 shares) external view returns (uint256) {
        uint256 supply = totalSupply();
        if (supply == 0) return shares / _unit;
        return LeverageMath.toValueDown(shares, supply, _state().equity) / _unit;
    }

    /// @notice Shares that `deposit` would give now; reverts where it would.
    function previewDeposit(uint256 assets) external view returns (uint256) {
        require(assets > 0, Errors.ZeroAmount());
        (uint256 shares,) = _entered(venue.previewEnter(address(this), assets, targetLeverage));
        return shares;
    }

    /// @notice Assets that `mint` would take now; reverts where it would.
    function previewMint(uint256 shares) external view returns (uint256 assets) {
        (assets,,) = _mintCost(shares);
    }

    /// @notice Assets that `redeem` would pay now; reverts where it would.
    function previewRedeem(uint256 shares) external view returns (uint256) {
        require(shares > 0, Errors.ZeroAmount());
        return venue.previewExit(address(this), shares, totalSupply()).paid;
    }

    /// @inheritdoc ILeveragedToken
    function assess() external view returns (Assessment memory) {
        return _assess(_state(), _policy, _progress);
    }

    // Verbs of the holders

    /// @notice Takes `assets` and gives `receiver` the shares (ERC-4626, without a bound).
    function deposit(uint256 assets, address receiver) external returns (uint256) {
        return deposit(assets, receiver, 0, block.timestamp);
    }

    /// @inheritdoc ILeveragedToken
    function deposit(uint256 assets, address receiver, uint256 minShares, uint256 deadline)
        public
        nonReentrant
        returns (uint256 shares)
    {
        require(block.timestamp <= deadline, Errors.DeadlinePassed());
        require(assets > 0, Errors.ZeroAmount());
        asset.safeTransferFrom(msg.sender, address(venue), assets);
        uint256 locked;
        (shares, locked) = _entered(venue.enter(assets, targetLeverage));
        require(shares >= minShares, Errors.SharesBelowMinimum());
        _give(receiver, assets, shares, locked);
    }

    /// @notice Gives `receiver` exactly `shares` and takes the assets (ERC-4626, without a bound).
    function mint(uint256 shares, address receiver) external returns (uint256) {
        return mint(shares, receiver, type(uint256).max, block.timestamp);
    }

    /// @inheritdoc ILeveragedToken
    function mint(uint256 shares, address receiver, uint256 maxAssets, uint256 deadline)
        public
        nonReentrant
        returns (uint256 assets)
    {
        require(block.timestamp <= deadline, Errors.DeadlinePassed());
        int256 sizeDelta;
        VenueState memory least;
        (assets, sizeDelta, least) = _mintCost(shares);
        require(assets <= maxAssets, Errors.AssetsAboveMaximum());
        uint256 locked = totalSupply() == 0 ? _lockedShares() : 0;
        asset.safeTransferFrom(msg.sender, address(venue), assets);
        uint256 limit = sizeDelta > 0 ? type(uint256).max : 0;
        VenueState memory later = venue.trade(sizeDelta, assets.toInt256(), limit, address(this));
        // An asset that calls its sender back could have moved price or skew since the quote.
        bool same = later.price == least.price && later.equity >= least.equity;
        require(same, Errors.MarketMoved());
        _give(receiver, assets, shares, locked);
    }

    /// @notice Burns `shares` of `owner` and pays `receiver` the assets (ERC-4626, without a
    /// bound).
    function redeem(uint256 shares, address receiver, address owner) external returns (uint256) {
        return redeem(shares, receiver, owner, 0, block.timestamp);
    }

    /// @inheritdoc ILeveragedToken
    function redeem(
        uint256 shares,
        address receiver,
        address owner,
        uint256 minAssets,
        uint256 deadline
    ) public nonReentrant returns (uint256) {
        require(block.timestamp <= deadline, Errors.DeadlinePassed());
        require(shares > 0, Errors.ZeroAmount());
        uint256 supply = totalSupply();
        if (msg.sender != owner) _spendAllowance(owner, msg.sender, shares);
        _burn(owner, shares);
        Exit memory result = venue.exit(shares, supply, receiver);
        require(result.paid >= minAssets, Errors.AssetsBelowMinimum());
        // Nothing is left to trade, so nothing is left of an earlier rebalance.
        if (result.flat && _progress.unfinished != Trigger.None) {
            _progress.unfinished = Trigger.None;
        }
        emit Withdraw(msg.sender, receiver, owner, result.paid, shares);
        return result.paid;
    }

    // The keeper's verb

    /// @inheritdoc ILeveragedToken
    function rebalance() external nonReentrant returns (uint256) {
        VenueState memory before = _state();
        Assessment memory due = _assess(before, _policy, _progress);
        Errors.raise(due.reason);
        _progress = Progress({
            time: uint64(block.timestamp),
            unfinished: due.left == 0 ? Trigger.None : due.trigger,
            // An aim lies between two numbers of 80 bits: the target and a leverage of the policy.
            aim: due.left == 0 ? 0 : uint128(due.aim)
        });
        VenueState memory later =
            venue.trade(due.sizeDelta, -due.reward.toInt256(), due.limit, msg.sender);
        uint256 from = _leverage(before);
        uint256 to = _leverage(later);
        _checkImproved(from, to);
        emit Rebalanced(msg.sender, due.trigger, due.sizeDelta, from, to, due.reward);
        return due.reward;
    }

    // Flows

    /// @dev Shares that a flow in is worth, down, and the shares to lock beside them.
    function _entered(Entry memory entry) private view returns (uint256 shares, uint256 locked) {
        uint256 supply = totalSupply();
        if (supply == 0) {
            locked = _lockedShares();
            require(entry.equityAfter > locked, Errors.SharesBelowLocked());
            shares = entry.equityAfter - locked;
        } else {
            require(entry.equityBefore > 0, Errors.EquityGone());
            shares = LeverageMath.toSharesDown(entry.gain, supply, entry.equityBefore);
        }
        require(shares > 0, Errors.ZeroAmount());
    }

    /// @dev Assets (up) that `shares` cost now, the trade that goes with them, and the state with
    /// the least equity (WAD) after it.
    function _mintCost(uint256 shares)
        private
        view
        returns (uint256 assets, int256 sizeDelta, VenueState memory state)
    {
        require(shares > 0, Errors.ZeroAmount());
        state = _state();
        Errors.raise(state.fault);
        uint256 supply = totalSupply();
        require(supply == 0 || state.equity > 0, Errors.EquityGone());
        uint256 value = supply == 0
            ? shares + _lockedShares()
            : LeverageMath.toValueUp(shares, supply, state.equity);
        state.equity += value;
        sizeDelta = state.size == 0
            ? targetLeverage * state.equity.toInt256() / state.price.toInt256()
            : LeverageMath.fraction(state.size, shares, supply);
        // Whether the venue accepts depends on the margin, which depends on this cost.
        Quote memory q = venue.quote(address(this), sizeDelta, 0);
        if (q.fill == 0) Errors.raise(q.whyNot);
        int256 total = value.toInt256() + q.cost;
        if (state.size == 0 && total < value.toInt256()) {
            // A trade that the skew pays for is a gift to all holders: it costs no less, and is
            // sized for the gift.
            total = value.toInt256();
            bytes4 whyNot;
            (sizeDelta, whyNot) = venue.sizeFor(
                address(this), total.toUint256().divUp(_unit).toInt256(), targetLeverage, 0
            );
            Errors.raise(whyNot);
        }
        require(total > 0, Errors.CostAboveValue());
        assets = total.toUint256().divUp(_unit);
        Errors.raise(venue.quote(address(this), sizeDelta, assets).whyNot);
    }

    function _give(address receiver, uint256 assets, uint256 shares, uint256 locked) private {
        if (locked > 0) _mint(LOCKED_OWNER, locked);
        _mint(receiver, shares);
        emit Deposit(msg.sender, receiver, assets, shares);
    }

    function _lockedShares() private view returns (uint256) {
        return LOCKED_SHARES.max(LOCKED_UNITS * _unit);
    }

    // Rebalancing

    /// @dev The one place where trigger, size, limit and reward are decided.
    function _assess(VenueState memory state, Policy memory rules, Progress memory last)
        private
        view
        returns (Assessment memory due)
    {
        due.reason = _notReady(state);
        if (due.reason != 0) return due;
        uint256 l = _leverage(state);
        uint256 elapsed = block.timestamp - last.time;
        (due.trigger, due.aim) = rules.trigger(last, elapsed, l, _target);
        if (due.trigger == Trigger.None) {
            due.reason = Errors.NothingDue.selector;
            return due;
        }
        VenueLimits memory limits = venue.limits();
        uint256 cooldown = rules.cooldownFor(due.trigger);
        if (elapsed < cooldown && l <= limits.maxLeverage) {
            due.reason = Errors.CooldownActive.selector;
            return due;
        }
        if (due.trigger == Trigger.Lower && state.equity < limits.minEquity) {
            due.reason = Errors.BelowMinimumEquity.selector;
            return due;
        }
        uint256 waited = last.unfinished == due.trigger ? elapsed.zeroFloorSub(cooldown) : 0;
        due.reason = _size(due, state, rules, limits, rules.rewardRateAt(l, waited));
    }

    /// @dev Why nothing can be due, whatever the policy, or 0.
    function _notReady(VenueState memory state) private view returns (bytes4) {
        if (state.fault != 0) return state.fault;
        if (state.size == 0) {
            bool gone = state.equity == 0 && totalSupply() > 0;
            return gone ? Errors.EquityGone.selector : Errors.TokenFlat.selector;
        }
        return state.equity == 0 ? Errors.EquityGone.selector : bytes4(0);
    }

    /// @dev Fills in size, reward and limit: the trade that reaches the aim net of its own cost and
    /// reward, cut to one slice. Returns why it cannot be, or 0.
    function _size(
        Assessment memory due,
        VenueState memory state,
        Policy memory rules,
        VenueLimits memory limits,
        uint256 rewardRate
    ) private view returns (bytes4 whyNot) {
        (due.sizeDelta, whyNot) = _sizeFor(0, due.aim, rewardRate);
        if (whyNot != 0) return whyNot;
        uint256 cap = rules.rewardCap / _unit;
        due.reward = _reward(due.sizeDelta, state.price, rewardRate);
        if (due.reward > cap) whyNot = _fixReward(due, cap);
        if (whyNot != 0) return whyNot;
        uint256 l = _leverage(state);
        uint256 worthwhile = state.size.abs() * RebalancePolicy.MIN_TRADE / WAD;
        if (l < rules.emergency && due.sizeDelta.abs() < worthwhile) {
            return Errors.BelowMinimumTrade.selector;
        }
        _slice(due, rules, limits, l, rewardRate);
        if (due.left > 0) {
            due.reward = cap.min(_reward(due.sizeDelta, state.price, rewardRate));
        }
        Quote memory q = venue.quote(address(this), due.sizeDelta, 0);
        // A venue that judges at the fill may refuse a slice of an emergency and take a larger one.
        while (due.trigger == Trigger.Emergency && due.left > 0 && q.whyNot != 0) {
            _widen(due);
            due.reward = cap.min(_reward(due.sizeDelta, state.price, rewardRate));
            q = venue.quote(address(this), due.sizeDelta, 0);
        }
        if (due.left < worthwhile) due.left = 0;
        return _settle(due, state, q, rules.slippage(due.trigger, l, limits.liquidationBuffer));
    }

    /// @dev Cuts the reward to what the venue lets go, and sets the limit. Returns why the venue or
    /// the limit refuses the trade, or 0.
    function _settle(
        Assessment memory due,
        VenueState memory state,
        Quote memory q,
        uint256 slippage
    ) private view returns (bytes4 whyNot) {
        if (due.reward > q.releasable) {
            if (due.left == 0) {
                whyNot = _fixReward(due, q.releasable);
            }
            if (whyNot != 0) return whyNot;
            q = venue.quote(address(this), due.sizeDelta, 0);
            due.reward = due.reward.min(q.releasable);
        }
        if (q.whyNot != 0) return q.whyNot;
        bool buy = due.sizeDelta > 0;
        due.limit = state.price.fullMulDiv(buy ? WAD + slippage : WAD - slippage, WAD);
        bool within = buy ? q.fill <= due.limit : q.fill >= due.limit;
        return within ? bytes4(0) : Errors.FillBeyondLimit.selector;
    }

    /// @dev Sizes the trade for a reward (asset units) that does not depend on the size.
    function _fixReward(Assessment memory due, uint256 reward)
        private
        view
        returns (bytes4 whyNot)
    {
        due.reward = reward;
        (due.sizeDelta, whyNot) = _sizeFor(reward, due.aim, 0);
    }

    /// @dev Cuts the trade to one slice and keeps what is left. An emergency's slice is at least
    /// what brings leverage well under the maximum of the venue, which accepts no smaller one.
    function _slice(
        Assessment memory due,
        Policy memory rules,
        VenueLimits memory limits,
        uint256 l,
        uint256 rewardRate
    ) private view {
        uint256 slice = rules.maxTrade;
        uint256 safe = limits.maxLeverage * RebalancePolicy.VENUE_SHARE / WAD;
        if (due.trigger == Trigger.Emergency && l > safe) {
            (int256 least, bytes4 whyNot) = _sizeFor(0, safe, rewardRate);
            if (whyNot == 0) slice = slice.max(least.abs());
        }
        uint256 whole = due.sizeDelta.abs();
        if (whole <= slice) return;
        due.left = whole - slice;
        due.sizeDelta = due.sizeDelta > 0 ? slice.toInt256() : -slice.toInt256();
    }

    /// @dev Doubles a slice, to at most the whole trade.
    function _widen(Assessment memory due) private pure {
        uint256 slice = due.sizeDelta.abs();
        uint256 more = slice.min(due.left);
        due.left -= more;
        due.sizeDelta = due.sizeDelta > 0 ? (slice + more).toInt256() : -(slice + more).toInt256();
    }

    /// @dev Law 2: strictly closer to the target, and at most `EDGE` of it past it.
    function _checkImproved(uint256 from, uint256 to) private view {
        bool closer = to.dist(_target) < from.dist(_target);
        uint256 tolerance = _target * RebalancePolicy.EDGE / WAD;
        bool past = from > _target ? to + tolerance < _target : to > _target + tolerance;
        require(closer && !past, Errors.LeverageNotImproved());
    }

    // Shorthands

    function _state() private view returns (VenueState memory) {
        return venue.state(address(this));
    }

    function _leverage(VenueState memory state) private pure returns (uint256) {
        return LeverageMath.leverage(state.size, state.price, state.equity);
    }

    /// @dev Reward in asset units, down.
    function _reward(int256 sizeDelta, uint256 price, uint256 rate) private view returns (uint256) {
        return sizeDelta.abs().fullMulDiv(price, WAD).fullMulDiv(rate, WAD) / _unit;
    }

    /// @dev The trade that reaches the leverage `aim` (magnitude) after `taken` asset units have
    /// left.
    function _sizeFor(uint256 taken, uint256 aim, uint256 rewardRate)
        private
        view
        returns (int256, bytes4)
    {
        int256 signed = targetLeverage > 0 ? aim.toInt256() : -aim.toInt256();
        return venue.sizeFor(address(this), -taken.toInt256(), signed, rewardRate);
    }

    /// @dev Transient storage on every chain, so that local chains run the code of the public ones.
    function _useTransientReentrancyGuardOnlyOnMainnet() internal pure override returns (bool) {
        return false;
    }
}
