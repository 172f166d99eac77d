// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {ReentrancyGuardTransient} from "solady/utils/ReentrancyGuardTransient.sol";
import {SafeCastLib} from "solady/utils/SafeCastLib.sol";

import {TokenLogic} from "../TokenLogic.sol";
import {
    Assessment,
    ILeveragedToken,
    Phase,
    Terms,
    TokenParams
} from "../interfaces/ILeveragedToken.sol";
import {IPerpVenue} from "../interfaces/IPerpVenue.sol";
import {Errors} from "../libraries/Errors.sol";
import {FeeMath, Fees} from "../libraries/FeeMath.sol";
import {Prices, Progress, Trigger} from "../libraries/RebalancePolicy.sol";
import {Roles} from "./Roles.sol";

/// @title TokenTerms
/// @notice What of a token can be set, by whom and within which bounds.
abstract contract TokenTerms is ERC20, ILeveragedToken, ReentrancyGuardTransient, Roles {
    using FeeMath for uint256;
    using FixedPointMathLib for int256;
    using SafeCastLib for uint256;

    uint256 private constant MAX_LEVERAGE = 100e18; // far beyond any venue; keeps products small

    /// @inheritdoc ILeveragedToken
    IPerpVenue public immutable venue;
    /// @inheritdoc ILeveragedToken
    int256 public immutable targetLeverage;
    /// @inheritdoc ILeveragedToken
    TokenLogic public immutable logic;
    /// @dev |targetLeverage|.
    uint256 internal immutable _target;

    /// @dev `Terms` and `Progress`. The first slot has all that a rebalance writes, and what every
    /// view of the share price asks; the second what else most verbs read. 32 bits of seconds last
    /// until 2106; fees are in `FeeMath.STEP`.
    struct StoredTerms {
        address policy;
        uint32 accruedAt;
        uint32 rebalancedAt;
        uint16 streaming;
        Phase phase;
        Trigger unfinished;
        address feeRecipient;
        uint32 slot;
        bool enlarges;
        bool tracksPrices;
        bool depositsPaused;
        uint16 deposit;
        uint16 redemption;
        uint128 supplyCap;
        uint128 minDeposit;
        uint128 maxSize;
    }

    StoredTerms internal _terms;
    Prices internal _prices;

    constructor(TokenParams memory params, TokenLogic logic_) Roles(params.owner, params.guardian) {
        logic = logic_;
        venue = params.venue;
        targetLeverage = params.targetLeverage;
        _target = params.targetLeverage.abs();
        require(_target <= MAX_LEVERAGE, Errors.InvalidParameter());
        _storeFeeRecipient(params.feeRecipient);
        _storeFees(params.fees);
        _terms.accruedAt = uint32(block.timestamp);
        _storeLimits(params.supplyCap, params.minDeposit);
        _storePolicy(params.policy);
    }

    /// @inheritdoc ILeveragedToken
    function progress() public view returns (Progress memory) {
        StoredTerms storage t = _terms;
        Trigger unfinished = t.unfinished;
        return Progress({
            policy: t.policy,
            time: t.rebalancedAt,
            unfinished: unfinished,
            // What was stored for an earlier rest says nothing any more.
            enlarges: unfinished != Trigger.None && t.enlarges,
            slot: t.slot,
            tracksPrices: t.tracksPrices
        });
    }

    /// @inheritdoc ILeveragedToken
    function prices() external view returns (Prices memory) {
        return _prices;
    }

    /// @inheritdoc ILeveragedToken
    function terms() external view returns (Terms memory) {
        StoredTerms storage t = _terms;
        return Terms({
            feeRecipient: t.feeRecipient,
            accruedAt: t.accruedAt,
            fees: Fees(_fee(t.streaming), _fee(t.deposit), _fee(t.redemption)),
            supplyCap: t.supplyCap,
            minDeposit: t.minDeposit,
            maxSize: t.maxSize,
            depositsPaused: t.depositsPaused,
            phase: t.phase
        });
    }

    /// @inheritdoc ILeveragedToken
    function supplyAfterFees() public view returns (uint256 supply) {
        (supply,) = _accrued();
    }

    /// @inheritdoc ILeveragedToken
    function accrue() external nonReentrant {
        _accrue();
    }

    /// @inheritdoc ILeveragedToken
    function setFees(Fees calldata fees) external onlyOwner {
        _accrue();
        _storeFees(fees);
    }

    /// @inheritdoc ILeveragedToken
    function setFeeRecipient(address recipient) external onlyOwner {
        _accrue();
        _storeFeeRecipient(recipient);
    }

    /// @inheritdoc ILeveragedToken
    function setLimits(uint128 supplyCap, uint128 minDeposit) external onlyOwner {
        _storeLimits(supplyCap, minDeposit);
    }

    /// @inheritdoc ILeveragedToken
    function setPolicy(address policy) external onlyOwner {
        _storePolicy(policy);
        // What was left follows from the rules before.
        _terms.unfinished = Trigger.None;
    }

    /// @inheritdoc ILeveragedToken
    function setDepositsPaused(bool paused) external {
        bool allowed = msg.sender == owner || (paused && msg.sender == guardian);
        require(allowed, Errors.NotAllowed());
        _terms.depositsPaused = paused;
        emit DepositsPausedSet(msg.sender, paused);
    }

    /// @inheritdoc ILeveragedToken
    function startClosing() external onlyOwner {
        require(_terms.phase == Phase.Live, Errors.TokenNotLive());
        _terms.phase = Phase.Closing;
        // The first slice waits for its cooldown, and the reward grows from then on.
        _terms.rebalancedAt = uint32(block.timestamp);
        emit ClosingStarted();
    }

    /// @dev Charges the streaming fee up to now, before anything else happens, so that no call in
    /// between sees a supply without it. The clock need not stand still: a second of the least rate
    /// (31,709 in WAD) on the least supply (1e15, which is locked) is 31 shares, so nothing that is
    /// earned rounds to zero.
    function _accrue() internal returns (uint256 supply) {
        uint256 streaming;
        (supply, streaming) = _accrued();
        _charge(streaming, 0);
        _terms.accruedAt = uint32(block.timestamp);
    }

    /// @dev Gives the recipient what the streaming fee and the fee of a flow have earned.
    function _charge(uint256 streaming, uint256 flow) internal {
        if (streaming + flow == 0) return;
        address recipient = _terms.feeRecipient;
        _mint(recipient, streaming + flow);
        emit FeesCharged(recipient, streaming, flow);
    }

    /// @dev Supply with the shares that the streaming fee has earned since it was charged, and
    /// those.
    function _accrued() internal view returns (uint256 supply, uint256 streaming) {
        supply = totalSupply();
        if (_terms.phase == Phase.Closed) return (supply, 0);
        streaming = supply.accruedDown(_fee(_terms.streaming), block.timestamp - _terms.accruedAt);
        supply += streaming;
    }

    /// @dev Transient storage on every chain, so that local chains run the code of the public ones.
    function _useTransientReentrancyGuardOnlyOnMainnet() internal pure override returns (bool) {
        return false;
    }

    function _requireLive() internal view {
        require(_terms.phase == Phase.Live, Errors.TokenNotLive());
        require(!_terms.depositsPaused, Errors.DepositsPaused());
    }

    /// @dev Remembers a rebalance, which happens now; `slot` is that of the schedule that it used.
    function _remember(Assessment memory a, uint256 slot) internal {
        bool rest = a.left > 0 && a.trigger != Trigger.Closing;
        Trigger unfinished = rest ? a.trigger : Trigger.None;
        _terms.rebalancedAt = uint32(block.timestamp);
        if (_terms.unfinished != unfinished) _terms.unfinished = unfinished;
        if (rest) _terms.enlarges = a.leverage < a.aim;
        bool onSchedule = a.trigger == Trigger.Schedule;
        if (onSchedule) _terms.slot = uint32(slot);
        if (!_terms.tracksPrices) return;
        _prices.last = a.price.toUint128();
        if (onSchedule) _prices.slot = _prices.last;
    }

    /// @dev Forgets what is left of an earlier rebalance: no position is left to trade.
    function _forget() internal {
        if (_terms.unfinished != Trigger.None) _terms.unfinished = Trigger.None;
    }

    /// @dev Moves count from where a position was opened.
    function _opened(uint256 price) internal {
        if (_terms.tracksPrices) _prices.last = price.toUint128();
    }

    /// @dev The prices where the policy asks for them.
    function _askedPrices() internal view returns (Prices memory asked) {
        if (_terms.tracksPrices) asked = _prices;
    }

    /// @dev A stored fee, WAD.
    function _fee(uint16 steps) internal pure returns (uint64) {
        // 16 bits and 40.
        unchecked {
            return uint64(steps * FeeMath.STEP);
        }
    }

    function _storeFeeRecipient(address recipient) private {
        require(recipient != address(0), Errors.InvalidParameter());
        _terms.feeRecipient = recipient;
        emit FeeRecipientSet(recipient);
    }

    function _storeFees(Fees memory fees) private {
        FeeMath.validate(fees);
        // Checked above: at most 50,000 steps.
        _terms.streaming = uint16(fees.streaming / FeeMath.STEP);
        _terms.deposit = uint16(fees.deposit / FeeMath.STEP);
        _terms.redemption = uint16(fees.redemption / FeeMath.STEP);
        emit FeesSet(fees);
    }

    function _storeLimits(uint128 supplyCap, uint128 minDeposit) private {
        (_terms.supplyCap, _terms.minDeposit) = (supplyCap, minDeposit);
        emit LimitsSet(supplyCap, minDeposit);
    }

    function _storePolicy(address policy) private {
        (uint256 maxSize, bool tracksPrices) = logic.judge(policy, _target, venue);
        (_terms.policy, _terms.tracksPrices) = (policy, tracksPrices);
        // A move counts from what is known: nothing, where the rules before did not ask.
        if (!tracksPrices) delete _prices;
        _terms.maxSize = maxSize.toUint128();
        emit PolicySet(policy, maxSize);
    }
}
