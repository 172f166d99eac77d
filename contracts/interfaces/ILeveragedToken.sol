// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TokenLogic} from "../TokenLogic.sol";
import {Fees} from "../libraries/FeeMath.sol";
import {Prices, Progress, Trigger} from "../libraries/RebalancePolicy.sol";
import {IPerpVenue} from "./IPerpVenue.sol";

/// @notice Everything that makes a token. One bytecode serves every market, side and leverage.
/// @param name At most 31 characters.
/// @param symbol At most 31 characters, such as "BTC3L".
/// @param venue Where the position is held; its asset is the token's.
/// @param targetLeverage WAD, signed: +3e18 is three times long.
/// @param owner Who may set what can be set; meant to be a timelock.
/// @param guardian Who may pause deposits; zero for nobody.
/// @param feeRecipient Who gets the fees.
/// @param fees Streaming, deposit and redemption fee.
/// @param supplyCap Largest supply that a deposit may lead to, shares.
/// @param minDeposit Smallest deposit, asset units.
/// @param policy When and how the token is rebalanced, as `TokenLogic` stores it.
struct TokenParams {
    bytes32 name;
    bytes32 symbol;
    IPerpVenue venue;
    int256 targetLeverage;
    address owner;
    address guardian;
    address feeRecipient;
    Fees fees;
    uint128 supplyCap;
    uint128 minDeposit;
    address policy;
}

/// @notice Whether a token lives: `Closing` only trades out and pays out, `Closed` only pays out
/// what it holds itself.
enum Phase {
    Live,
    Closing,
    Closed
}

/// @notice What a token charges and takes, and when it charged last.
/// @param feeRecipient Who gets the fees.
/// @param accruedAt Up to when the streaming fee has been charged, seconds since the epoch.
/// @param fees Streaming, deposit and redemption fee.
/// @param supplyCap Largest supply that a deposit may lead to, shares.
/// @param minDeposit Smallest deposit, asset units.
/// @param maxSize Largest position that anything but the price may lead to, WAD of the underlying.
/// @param depositsPaused Whether the guardian or the owner stopped deposits.
/// @param phase Whether the token lives.
struct Terms {
    address feeRecipient;
    uint256 accruedAt;
    Fees fees;
    uint256 supplyCap;
    uint256 minDeposit;
    uint256 maxSize;
    bool depositsPaused;
    Phase phase;
}

/// @notice What the chain says of a rebalance now.
/// @param trigger Why one would be due; `None` when nothing is.
/// @param leverage Now, WAD, as a magnitude.
/// @param price Index price now, WAD.
/// @param aim Leverage that it aims at, WAD, as a magnitude.
/// @param sizeDelta What this call would trade, WAD, signed.
/// @param left What would be left for later calls, WAD, unsigned.
/// @param limit Worst acceptable fill price, WAD.
/// @param reward Keeper reward, asset units.
/// @param reason 0 when a call would go through, otherwise the selector of the error that it
/// reverts with.
struct Assessment {
    Trigger trigger;
    uint256 leverage;
    uint256 price;
    uint256 aim;
    int256 sizeDelta;
    uint256 left;
    uint256 limit;
    uint256 reward;
    bytes4 reason;
}

/// @title ILeveragedToken
/// @notice What a leveraged token adds to ERC-20, ERC-2612 and ERC-4626. Assets are in units of the
/// asset, shares in 18 decimals. Every verb reverts with the fault of the price when it is not
/// good, but for those of a closed token, which need none.
interface ILeveragedToken {
    /// @notice `sender` brought `assets` and `owner` got `shares` (ERC-4626).
    event Deposit(address indexed sender, address indexed owner, uint256 assets, uint256 shares);

    /// @notice `sender` burned `shares` of `owner` and `receiver` got `assets` (ERC-4626).
    event Withdraw(
        address indexed sender,
        address indexed receiver,
        address indexed owner,
        uint256 assets,
        uint256 shares
    );

    /// @notice `keeper` rebalanced: `sizeDelta` was traded, `reward` (asset units) was paid, and
    /// leverage (WAD, magnitude) moved from `leverageBefore` to `leverageAfter`.
    event Rebalanced(
        address indexed keeper,
        Trigger indexed trigger,
        int256 sizeDelta,
        uint256 leverageBefore,
        uint256 leverageAfter,
        uint256 reward
    );

    /// @notice After a flow or a rebalance: index price and equity (WAD), and the supply (shares).
    event Marked(uint256 price, uint256 equity, uint256 supply);

    /// @notice `recipient` got `streaming` shares for the time and `flow` shares of the flow of
    /// this call.
    event FeesCharged(address indexed recipient, uint256 streaming, uint256 flow);

    /// @notice From now on these fees hold.
    event FeesSet(Fees fees);

    /// @notice From now on `recipient` gets the fees.
    event FeeRecipientSet(address indexed recipient);

    /// @notice From now on deposits lead to at most `supplyCap` shares and bring at least
    /// `minDeposit` asset units.
    event LimitsSet(uint256 supplyCap, uint256 minDeposit);

    /// @notice From now on the policy at this address holds, and the position grows to at most `maxSize` (WAD).
    event PolicySet(address indexed policy, uint256 maxSize);

    /// @notice `sender` stopped deposits, or let them go on.
    event DepositsPausedSet(address indexed sender, bool paused);

    /// @notice The token trades out from now on, and takes nothing in.
    event ClosingStarted();

    /// @notice `sender` closed the token, which holds `assets` (asset units) for its holders.
    event Closed(address indexed sender, uint256 assets);

    /// @notice Where the position is held.
    function venue() external view returns (IPerpVenue);

    /// @notice What judges for the token; see there.
    function logic() external view returns (TokenLogic);

    /// @notice WAD, signed: + long, - short.
    function targetLeverage() external view returns (int256);

    /// @notice The rules of a rebalance, the last one, and what is left of it.
    function progress() external view returns (Progress memory);

    /// @notice Index prices from which a move counts, where the policy asks for it.
    function prices() external view returns (Prices memory);

    /// @notice Fees, caps and phase.
    function terms() external view returns (Terms memory);

    /// @notice Supply with the shares that the streaming fee has earned by now.
    function supplyAfterFees() external view returns (uint256);

    /// @notice Equity per share at index price, WAD of the asset; 1e18 before the first deposit.
    function sharePrice() external view returns (uint256);

    /// @notice Equity per share as wallets show shares (ERC-8056), WAD of the asset.
    function assetsPerUIShare() external view returns (uint256);

    /// @notice `|size| * price / equity`, WAD; 0 without a position, the largest number without
    /// equity.
    function leverage() external view returns (uint256);

    /// @notice Whether the index price is good: while it is not, views report the last one and
    /// verbs revert. A closed token needs none.
    function priceValid() external view returns (bool);

    /// @notice Assets that `redeem` would pay now; reverts where it would (ERC-4626).
    function previewRedeem(uint256 shares) external view returns (uint256 assets);

    /// @notice Shares that `withdraw` would burn now; reverts where it would (ERC-4626).
    function previewWithdraw(uint256 assets) external view returns (uint256 shares);

    /// @notice What `deposit` would give now, and supply (shares) and size (WAD, unsigned) after it,
    /// its limits apart; reverts where it would.
    function depositOrder(uint256 assets)
        external
        view
        returns (uint256 shares, uint256 supply, uint256 size);

    /// @notice What `mint` would take now, and supply (shares) and size (WAD, unsigned) after it,
    /// its limits apart; reverts where it would.
    function mintOrder(uint256 shares)
        external
        view
        returns (uint256 assets, uint256 supply, uint256 size);

    /// @notice Whether, why and how the token can be rebalanced now. Never reverts.
    function assess() external view returns (Assessment memory);

    /// @notice `deposit` that reverts below `minShares` or after `deadline` (seconds since the
    /// epoch).
    function deposit(uint256 assets, address receiver, uint256 minShares, uint256 deadline)
        external
        returns (uint256 shares);

    /// @notice `deposit` with an ERC-2612 permit of the asset for `assets` until `deadline`. A
    /// permit that was used before by somebody else does no harm: the allowance is there.
    function depositWithPermit(
        uint256 assets,
        address receiver,
        uint256 minShares,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external returns (uint256 shares);

    /// @notice `mint` that reverts above `maxAssets` or after `deadline`.
    function mint(uint256 shares, address receiver, uint256 maxAssets, uint256 deadline)
        external
        returns (uint256 assets);

    /// @notice `withdraw` that reverts above `maxShares` or after `deadline`.
    function withdraw(
        uint256 assets,
        address receiver,
        address owner,
        uint256 maxShares,
        uint256 deadline
    ) external returns (uint256 shares);

    /// @notice `redeem` that reverts below `minAssets` or after `deadline`.
    function redeem(
        uint256 shares,
        address receiver,
        address owner,
        uint256 minAssets,
        uint256 deadline
    ) external returns (uint256 assets);

    /// @notice Trades toward the target as `assess` says and pays the caller the reward; anyone may
    /// call, and nothing is theirs to choose. Reverts with the reason when nothing is due.
    /// @return reward Asset units.
    function rebalance() external returns (uint256 reward);

    /// @notice Whether a rebalance would go through now, for keeper networks; `data` is handed on.
    function checkUpkeep(bytes calldata data) external view returns (bool, bytes memory);

    /// @notice `rebalance`, for keeper networks: `data` is empty, or the encoded address that the
    /// reward goes to instead of the caller.
    function performUpkeep(bytes calldata data) external;

    /// @notice Charges the streaming fee up to now. Every verb does.
    function accrue() external;

    /// @notice Closes the token for ever, which anyone may do when its position is lost, when its
    /// venue has ended, or when it was closing and has traded out. What is left at the venue comes
    /// to the token, and is paid out pro rata.
    /// @return assets Asset units that the token holds.
    function close() external returns (uint256 assets);

    /// @notice Owner: lets the token trade out in slices, for good.
    function startClosing() external;

    /// @notice Owner: changes the rules of a rebalance, to those that `TokenLogic` stored at an address,
    /// within the bounds of `RebalancePolicy`.
    function setPolicy(address policy) external;

    /// @notice Owner: changes the fees, within the caps of `FeeMath`.
    function setFees(Fees calldata fees) external;

    /// @notice Owner: changes who gets the fees; what was earned so far goes to the one before.
    function setFeeRecipient(address recipient) external;

    /// @notice Owner: changes the supply cap (shares) and the smallest deposit (asset units).
    function setLimits(uint128 supplyCap, uint128 minDeposit) external;

    /// @notice Guardian: stops deposits. Owner: stops them or lets them go on.
    function setDepositsPaused(bool paused) external;

    /// @notice Owner: what wallets show is `multiplier` (WAD) times the shares from `effectiveAt`
    /// (seconds since the epoch, now or later) on (ERC-8056).
    function setUIMultiplier(uint256 multiplier, uint256 effectiveAt) external;
}
