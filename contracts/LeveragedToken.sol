// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {LibString} from "solady/utils/LibString.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {TokenLogic} from "./TokenLogic.sol";
import {ScaledUIAmount} from "./base/ScaledUIAmount.sol";
import {TokenTerms} from "./base/TokenTerms.sol";
import {Assessment, ILeveragedToken, Phase, TokenParams} from "./interfaces/ILeveragedToken.sol";
import {Entry, Exit, VenueState} from "./interfaces/IPerpVenue.sol";
import {Errors} from "./libraries/Errors.sol";
import {FeeMath} from "./libraries/FeeMath.sol";
import {Flow} from "./libraries/FlowLimits.sol";
import {Flows, MintOrder} from "./libraries/Flows.sol";
import {LeverageMath} from "./libraries/LeverageMath.sol";
import {RebalancePolicy, Trigger} from "./libraries/RebalancePolicy.sol";
import {Bounds, Subject} from "./libraries/Subject.sol";

/// @title LeveragedToken
/// @notice An ERC-20 share of one leveraged position at one perpetual venue. Anyone mints and
/// redeems at net asset value, anyone rebalances.
///
/// SHARE PRICE
/// Equity of the position at the index price, divided by the supply after fees. A flow in or out
/// trades its exact fraction of the position and bears the actual fill: it never lowers the share
/// price of the others and leaves leverage as it is. The first deposit, and a deposit into a token
/// without position, open one at the target leverage, net of cost. Shares worth about 0.001 of the
/// asset are locked for ever at the first deposit.
///
/// REBALANCING
/// Due when leverage leaves the band or reaches the emergency level, when the price has moved too
/// far against the position, on schedule, or when an earlier rebalance was only a slice. The caller
/// chooses nothing. Afterwards leverage is strictly closer to the target, and at most 0.01 % of it
/// past it, or the call reverts.
///
/// FEES
/// Shares for the recipient: a streaming fee, which every verb charges first and every view
/// includes, and a part of the shares of each flow. The caps are constants.
///
/// FLAT
/// When a redemption would leave less equity than the venue asks of a position, all of it is closed
/// at the leaver's cost. The rest stays redeemable, and the next deposit opens a position again.
///
/// CLOSING
/// A token whose position is lost, whose venue has ended, or which its owner let trade out, is
/// closed by anyone: it takes what is left out of the venue and pays it out pro rata, without price
/// and without fees. Assets sent to a closed token are its holders'.
///
/// VENUE MUST
/// - credit assets only once, and at most its balance less what it has booked.
/// - trade and pay as its previews say, within one block.
/// - report an equity that nothing but trades, funding, the price and this token's own calls can
///   change.
/// - say `MarketSettled` as its fault when it has ended, and only then.
///
/// ORACLE MUST
/// - name a fault instead of answering a bad price: every verb that prices reverts with it.
///
/// ROUNDING
/// Against the caller: shares given and assets paid down, assets taken and shares burned up. The
/// remainder stays with the holders.
///
/// EMERGENCY
/// An invalid price, a liquidatable or flagged account, a leverage beyond the venue's maximum, or a
/// venue without cash delays redemptions. A position that was liquidated leaves nothing: every verb
/// reverts with `EquityGone` until the token is closed.
///
/// ROLES
/// The owner, a timelock, sets policy, fees and limits within constant bounds, and lets the token
/// close. The guardian stops deposits. Neither can stop a redemption or move assets.
contract LeveragedToken is ScaledUIAmount, TokenTerms {
    using FeeMath for uint256;
    using FixedPointMathLib for int256;
    using FixedPointMathLib for uint256;
    using SafeCastLib for int256;
    using SafeCastLib for uint256;
    using SafeTransferLib for address;

    uint256 private constant WAD = 1e18;
    address private constant LOCKED_OWNER = address(0xdead);

    /// @notice The ERC-20 that is paid in and out.
    address public immutable asset;

    bytes32 private immutable _name;
    bytes32 private immutable _symbol;
    /// @dev WAD per asset unit.
    uint256 private immutable _unit;

    constructor(TokenParams memory params, TokenLogic logic_) TokenTerms(params, logic_) {
        asset = params.venue.asset();
        _name = params.name;
        _symbol = params.symbol;
        uint256 decimals = ERC20(asset).decimals();
        require(decimals >= 6 && decimals <= 18, Errors.InvalidParameter());
        // The last byte of a string of at most 31 characters is zero.
        require(uint8(uint256(_name)) | uint8(uint256(_symbol)) == 0, Errors.InvalidParameter());
        _unit = 10 ** (18 - decimals);
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

    /// @notice Equity of the position at index price, asset units, rounded down; what a closed
    /// token holds.
    function totalAssets() external view returns (uint256) {
        return _equity() / _unit;
    }

    /// @inheritdoc ILeveragedToken
    function sharePrice() public view returns (uint256) {
        uint256 supply = supplyAfterFees();
        return supply == 0 ? WAD : LeverageMath.toValueDown(WAD, supply, _equity());
    }

    /// @inheritdoc ILeveragedToken
    function assetsPerUIShare() external view returns (uint256) {
        return sharePrice().fullMulDiv(WAD, uiMultiplier());
    }

    /// @inheritdoc ILeveragedToken
    function leverage() external view returns (uint256) {
        VenueState memory state = _state();
        return LeverageMath.leverage(state.size, state.price, state.equity);
    }

    /// @inheritdoc ILeveragedToken
    function priceValid() external view returns (bool) {
        return _terms.phase == Phase.Closed || _state().fault == 0;
    }

    /// @notice Shares that `assets` are worth at the share price, rounded down; neither fees nor
    /// the cost of trading are in it.
    function convertToShares(uint256 assets) external view returns (uint256) {
        uint256 supply = supplyAfterFees();
        uint256 value = assets * _unit;
        if (supply == 0) return value;
        uint256 equity = _equity();
        return equity == 0 ? 0 : LeverageMath.toSharesDown(value, supply, equity);
    }

    /// @notice Assets that `shares` are worth at the share price, rounded down; neither fees nor
    /// the cost of trading are in it.
    function convertToAssets(uint256 shares) external view returns (uint256) {
        uint256 supply = supplyAfterFees();
        if (supply == 0) return shares / _unit;
        return LeverageMath.toValueDown(shares, supply, _equity()) / _unit;
    }

    /// @notice Shares that `deposit` would give now, its limits apart; reverts where it would.
    function previewDeposit(uint256 assets) external view returns (uint256 shares) {
        (shares,,) = depositOrder(assets);
    }

    /// @notice Assets that `mint` would take now, its limits apart; reverts where it would.
    function previewMint(uint256 shares) external view returns (uint256 assets) {
        (assets,,) = mintOrder(shares);
    }

    /// @notice Shares that `withdraw` would burn now; reverts where it would.
    function previewWithdraw(uint256 assets) external view returns (uint256 shares) {
        _requireQuiet();
        (shares,) = _withdrawn(assets, supplyAfterFees());
    }

    /// @notice Assets that `redeem` would pay now; reverts where it would.
    function previewRedeem(uint256 shares) external view returns (uint256) {
        require(shares > 0, Errors.ZeroAmount());
        uint256 supply = supplyAfterFees();
        if (_terms.phase == Phase.Closed) {
            _requireQuiet();
            return _closedPart(shares, supply);
        }
        return venue.previewExit(address(this), _redeemed(shares), supply).paid;
    }

    /// @notice Largest `assets` that `deposit` takes now (ERC-4626).
    function maxDeposit(address) external view returns (uint256) {
        return _largest(Flow.Deposit, 0);
    }

    /// @notice Largest `shares` that `mint` gives now (ERC-4626).
    function maxMint(address) external view returns (uint256) {
        return _largest(Flow.Mint, 0);
    }

    /// @notice Largest `assets` that `withdraw` pays `owner_` now (ERC-4626).
    function maxWithdraw(address owner_) external view returns (uint256) {
        return _largest(Flow.Withdraw, maxRedeem(owner_));
    }

    /// @notice Largest `shares` that `redeem` burns of `owner_` now (ERC-4626).
    function maxRedeem(address owner_) public view returns (uint256 shares) {
        shares = balanceOf(owner_);
        if (owner_ == _terms.feeRecipient) shares += supplyAfterFees() - totalSupply();
        return _largest(Flow.Redeem, shares);
    }

    /// @inheritdoc ILeveragedToken
    function depositOrder(uint256 assets)
        public
        view
        returns (uint256 shares, uint256 supply, uint256 size)
    {
        require(assets > 0, Errors.ZeroAmount());
        Entry memory entry = venue.previewEnter(address(this), assets, targetLeverage);
        supply = supplyAfterFees();
        uint256 fee;
        uint256 locked;
        (shares, fee, locked) = Flows.entered(entry, supply, _fee(_terms.deposit), _unit);
        return (shares, supply + shares + fee + locked, entry.size.abs());
    }

    /// @inheritdoc ILeveragedToken
    function mintOrder(uint256 shares)
        public
        view
        returns (uint256 assets, uint256 supply, uint256 size)
    {
        supply = supplyAfterFees();
        uint256 gross = shares.grossUp(_fee(_terms.deposit));
        MintOrder memory order = logic.mintCost(_subject(), gross, supply);
        size = (order.before.size + order.sizeDelta).abs();
        return (order.assets, supply + gross + Flows.lockedShares(supply, _unit), size);
    }

    /// @inheritdoc ILeveragedToken
    function assess() public view returns (Assessment memory a) {
        Phase phase = _terms.phase;
        if (phase == Phase.Closed) {
            a.reason = Errors.TokenNotLive.selector;
            return a;
        }
        return logic.assess(_subject(), progress(), _askedPrices(), phase == Phase.Closing);
    }

    /// @inheritdoc ILeveragedToken
    function checkUpkeep(bytes calldata data) external view returns (bool, bytes memory) {
        bool understood = data.length == 0 || data.length == 32;
        return (understood && assess().reason == 0, data);
    }

    // Verbs of the holders

    /// @notice Takes `assets` and gives `receiver` the shares (ERC-4626, without a bound).
    function deposit(uint256 assets, address receiver) external nonReentrant returns (uint256) {
        return _deposit(assets, receiver, 0);
    }

    /// @inheritdoc ILeveragedToken
    function deposit(uint256 assets, address receiver, uint256 minShares, uint256 deadline)
        external
        nonReentrant
        returns (uint256)
    {
        _checkDeadline(deadline);
        return _deposit(assets, receiver, minShares);
    }

    /// @inheritdoc ILeveragedToken
    function depositWithPermit(
        uint256 assets,
        address receiver,
        uint256 minShares,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant returns (uint256) {
        _checkDeadline(deadline);
        // A permit that anybody used before has left its allowance; without one the transfer fails.
        try ERC20(asset).permit(msg.sender, address(this), assets, deadline, v, r, s) {} catch {}
        return _deposit(assets, receiver, minShares);
    }

    /// @notice Gives `receiver` exactly `shares` and takes the assets (ERC-4626, without a bound).
    function mint(uint256 shares, address receiver) external nonReentrant returns (uint256) {
        return _mintExactly(shares, receiver, type(uint256).max);
    }

    /// @inheritdoc ILeveragedToken
    function mint(uint256 shares, address receiver, uint256 maxAssets, uint256 deadline)
        external
        nonReentrant
        returns (uint256)
    {
        _checkDeadline(deadline);
        return _mintExactly(shares, receiver, maxAssets);
    }

    /// @notice Pays `receiver` exactly `assets` and burns shares of `owner_` (ERC-4626, without a
    /// bound).
    function withdraw(uint256 assets, address receiver, address owner_)
        external
        nonReentrant
        returns (uint256)
    {
        return _withdraw(assets, receiver, owner_, type(uint256).max);
    }

    /// @inheritdoc ILeveragedToken
    function withdraw(
        uint256 assets,
        address receiver,
        address owner_,
        uint256 maxShares,
        uint256 deadline
    ) external nonReentrant returns (uint256) {
        _checkDeadline(deadline);
        return _withdraw(assets, receiver, owner_, maxShares);
    }

    /// @notice Burns `shares` of `owner_` and pays `receiver` the assets (ERC-4626, without a
    /// bound).
    function redeem(uint256 shares, address receiver, address owner_)
        external
        nonReentrant
        returns (uint256)
    {
        return _redeem(shares, receiver, owner_, 0);
    }

    /// @inheritdoc ILeveragedToken
    function redeem(
        uint256 shares,
        address receiver,
        address owner_,
        uint256 minAssets,
        uint256 deadline
    ) external nonReentrant returns (uint256) {
        _checkDeadline(deadline);
        return _redeem(shares, receiver, owner_, minAssets);
    }

    // Verbs of everybody

    /// @inheritdoc ILeveragedToken
    function rebalance() external nonReentrant returns (uint256) {
        return _rebalance(msg.sender);
    }

    /// @inheritdoc ILeveragedToken
    function performUpkeep(bytes calldata data) external nonReentrant {
        _rebalance(data.length == 0 ? msg.sender : abi.decode(data, (address)));
    }

    /// @inheritdoc ILeveragedToken
    function close() external nonReentrant returns (uint256 assets) {
        Phase phase = _terms.phase;
        require(phase != Phase.Closed, Errors.TokenNotLive());
        VenueState memory state = _state();
        // Where the venue cannot pay all today, it may tomorrow.
        uint256 solvency = venue.report().solvency;
        bool flat = state.size == 0;
        bool lost = flat && state.equity == 0 && totalSupply() > 0 && solvency > 0;
        bool ended = state.fault == Errors.MarketSettled.selector;
        bool tradedOut = flat && phase == Phase.Closing && solvency == WAD;
        require(lost || ended || tradedOut, Errors.NothingToClose());
        _accrue();
        _terms.phase = Phase.Closed;
        if (state.equity > 0) venue.exit(1, 1, type(uint256).max, address(this));
        assets = asset.balanceOf(address(this));
        emit Closed(msg.sender, assets);
    }

    /// @inheritdoc ILeveragedToken
    function setUIMultiplier(uint256 multiplier, uint256 start) external onlyOwner {
        _setUIMultiplier(multiplier, start);
    }

    // Flows

    function _deposit(uint256 assets, address receiver, uint256 minShares)
        private
        returns (uint256 shares)
    {
        require(assets > 0, Errors.ZeroAmount());
        _requireLive();
        uint256 supply = _accrue();
        asset.safeTransferFrom(msg.sender, address(venue), assets);
        Entry memory entry = venue.enter(assets, targetLeverage);
        uint256 fee;
        uint256 locked;
        (shares, fee, locked) = Flows.entered(entry, supply, _fee(_terms.deposit), _unit);
        require(shares >= minShares, Errors.SharesBelowMinimum());
        supply += shares + fee + locked;
        _checkLimits(assets, supply, entry.size);
        if (entry.opened) _opened(entry.price);
        _give(receiver, shares, fee, locked);
        emit Deposit(msg.sender, receiver, assets, shares);
        emit Marked(entry.price, entry.equityAfter, supply);
    }

    function _mintExactly(uint256 shares, address receiver, uint256 maxAssets)
        private
        returns (uint256)
    {
        _requireLive();
        uint256 supply = _accrue();
        uint256 gross = shares.grossUp(_fee(_terms.deposit));
        MintOrder memory order = logic.mintCost(_subject(), gross, supply);
        require(order.assets <= maxAssets, Errors.AssetsAboveMaximum());
        uint256 locked = Flows.lockedShares(supply, _unit);
        asset.safeTransferFrom(msg.sender, address(venue), order.assets);
        uint256 limit = order.sizeDelta > 0 ? type(uint256).max : 0;
        VenueState memory later =
            venue.trade(order.sizeDelta, order.assets.toInt256(), limit, address(this));
        // An asset that calls its sender back could have moved price or skew since the quote.
        bool same = later.price == order.before.price && later.equity >= order.leastEquity;
        require(same, Errors.MarketMoved());
        supply += gross + locked;
        _checkLimits(order.assets, supply, later.size);
        if (order.before.size == 0) _opened(later.price);
        _give(receiver, shares, gross - shares, locked);
        emit Deposit(msg.sender, receiver, order.assets, shares);
        emit Marked(later.price, later.equity, supply);
        return order.assets;
    }

    function _redeem(uint256 shares, address receiver, address owner_, uint256 minAssets)
        private
        returns (uint256 assets)
    {
        require(shares > 0, Errors.ZeroAmount());
        uint256 supply = _accrue();
        uint256 net = _redeemed(shares);
        assets = _leave(owner_, receiver, shares, net, supply, type(uint256).max);
        require(assets >= minAssets, Errors.AssetsBelowMinimum());
    }

    function _withdraw(uint256 assets, address receiver, address owner_, uint256 maxShares)
        private
        returns (uint256 shares)
    {
        uint256 supply = _accrue();
        uint256 net;
        (shares, net) = _withdrawn(assets, supply);
        require(shares <= maxShares, Errors.SharesAboveMaximum());
        _leave(owner_, receiver, shares, net, supply, assets);
    }

    /// @dev Burns `gross` shares of `owner_`, and pays `net` of them with at most `most` assets.
    function _leave(
        address owner_,
        address receiver,
        uint256 gross,
        uint256 net,
        uint256 supply,
        uint256 most
    ) private returns (uint256 paid) {
        if (msg.sender != owner_) _spendAllowance(owner_, msg.sender, gross);
        _burn(owner_, gross);
        _charge(0, gross - net);
        if (_terms.phase == Phase.Closed) {
            paid = _closedPart(net, supply).min(most);
            asset.safeTransfer(receiver, paid);
        } else {
            Exit memory result = venue.exit(net, supply, most, receiver);
            paid = result.paid;
            if (result.flat) _forget();
            emit Marked(result.price, result.equityAfter, supply - net);
        }
        emit Withdraw(msg.sender, receiver, owner_, paid, gross);
    }

    /// @dev Shares (up) that paying `assets` burns, and the part of them that is paid for.
    function _withdrawn(uint256 assets, uint256 supply)
        private
        view
        returns (uint256 gross, uint256 net)
    {
        require(assets > 0, Errors.ZeroAmount());
        if (_terms.phase == Phase.Closed) {
            uint256 held = asset.balanceOf(address(this));
            require(held > 0 && supply > 0, Errors.EquityGone());
            gross = assets.fullMulDivUp(supply, held);
            return (gross, gross);
        }
        net = logic.exitFor(_subject(), assets, supply);
        gross = net.grossUp(_fee(_terms.redemption));
    }

    /// @dev The part of redeemed shares that is paid for.
    function _redeemed(uint256 shares) private view returns (uint256) {
        if (_terms.phase == Phase.Closed) return shares;
        return shares - shares.partUp(_fee(_terms.redemption));
    }

    function _closedPart(uint256 shares, uint256 supply) private view returns (uint256) {
        return asset.balanceOf(address(this)).fullMulDiv(shares, supply);
    }

    function _give(address receiver, uint256 shares, uint256 fee, uint256 locked) private {
        if (locked > 0) _mint(LOCKED_OWNER, locked);
        _charge(0, fee);
        _mint(receiver, shares);
    }

    function _checkLimits(uint256 assets, uint256 supply, int256 size) private view {
        require(assets >= _terms.minDeposit, Errors.BelowMinimumDeposit());
        require(supply <= _terms.supplyCap, Errors.SupplyCapExceeded());
        require(size.abs() <= _terms.maxSize, Errors.SizeLimitExceeded());
    }

    function _largest(Flow flow, uint256 owned) private view returns (uint256) {
        Bounds memory bounds = Bounds({
            isOpen: _terms.phase == Phase.Live && !_terms.depositsPaused,
            supply: supplyAfterFees(),
            supplyCap: _terms.supplyCap,
            minDeposit: _terms.minDeposit,
            maxSize: _terms.maxSize,
            depositFee: _fee(_terms.deposit),
            owned: owned
        });
        return logic.largest(_subject(), bounds, flow);
    }

    function _subject() private view returns (Subject memory) {
        return Subject(venue, targetLeverage, _unit);
    }

    function _checkDeadline(uint256 deadline) private view {
        require(block.timestamp <= deadline, Errors.DeadlinePassed());
    }

    // Rebalancing and fees

    function _rebalance(address rewarded) private returns (uint256) {
        Phase phase = _terms.phase;
        require(phase != Phase.Closed, Errors.TokenNotLive());
        (Assessment memory a, uint256 slot) =
            logic.plan(_subject(), progress(), _askedPrices(), phase == Phase.Closing);
        uint256 supply = _accrue();
        _remember(a, slot);
        VenueState memory later = venue.trade(a.sizeDelta, -a.reward.toInt256(), a.limit, rewarded);
        uint256 to = LeverageMath.leverage(later.size, later.price, later.equity);
        if (a.trigger != Trigger.Closing) {
            RebalancePolicy.checkImproved(a.leverage, to, _target);
        } else {
            // Of a position that is hardly there leverage can be nothing before.
            require(later.size == 0 || to < a.leverage, Errors.LeverageNotImproved());
        }
        emit Rebalanced(msg.sender, a.trigger, a.sizeDelta, a.leverage, to, a.reward);
        emit Marked(later.price, later.equity, supply);
        return a.reward;
    }

    // Shorthands

    /// @dev Nobody has an allowance that the holder has not given.
    function _givePermit2InfiniteAllowance() internal pure override returns (bool) {
        return false;
    }

    function _state() private view returns (VenueState memory) {
        return venue.state(address(this));
    }

    /// @dev What is shared out, WAD.
    function _equity() private view returns (uint256) {
        if (_terms.phase != Phase.Closed) return _state().equity;
        _requireQuiet();
        return asset.balanceOf(address(this)) * _unit;
    }

    /// @dev What a closed token holds and its supply do not change at once: an asset that calls
    /// back in between must not read them.
    function _requireQuiet() private view nonReadReentrant {}
}
