// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Policy, Progress, Trigger} from "../libraries/RebalancePolicy.sol";
import {IPerpVenue} from "./IPerpVenue.sol";

/// @notice Everything that makes a token. One bytecode serves every market, side and leverage.
/// @param name At most 31 characters.
/// @param symbol At most 31 characters, such as "BTC3L".
/// @param venue Where the position is held; its asset is the token's.
/// @param targetLeverage WAD, signed: +3e18 is three times long.
/// @param policy When and how the token is rebalanced.
struct TokenParams {
    bytes32 name;
    bytes32 symbol;
    IPerpVenue venue;
    int256 targetLeverage;
    Policy policy;
}

/// @notice What the chain says of a rebalance now.
/// @param trigger Why one would be due; `None` when nothing is.
/// @param aim Leverage that it aims at, WAD, as a magnitude.
/// @param sizeDelta What this call would trade, WAD, signed.
/// @param left What would be left for later calls, WAD, unsigned.
/// @param limit Worst acceptable fill price, WAD.
/// @param reward Keeper reward, asset units.
/// @param reason 0 when a call would go through, otherwise the selector of the error that it
/// reverts with.
struct Assessment {
    Trigger trigger;
    uint256 aim;
    int256 sizeDelta;
    uint256 left;
    uint256 limit;
    uint256 reward;
    bytes4 reason;
}

/// @title ILeveragedToken
/// @notice What a leveraged token adds to ERC-20, ERC-2612 and the verbs of ERC-4626. Assets are in
/// units of the asset, shares in 18 decimals. Every verb reverts with the fault of the price when
/// it is not good.
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

    /// @notice Where the position is held.
    function venue() external view returns (IPerpVenue);

    /// @notice WAD, signed: + long, - short.
    function targetLeverage() external view returns (int256);

    /// @notice The rules of a rebalance.
    function policy() external view returns (Policy memory);

    /// @notice The last rebalance and what is left of it.
    function progress() external view returns (Progress memory);

    /// @notice Equity per share at index price, WAD of the asset; 1e18 before the first deposit.
    function sharePrice() external view returns (uint256);

    /// @notice `|size| * price / equity`, WAD; 0 without a position, the largest number without
    /// equity.
    function leverage() external view returns (uint256);

    /// @notice Whether the index price is good: while it is not, views report the last one and
    /// verbs revert.
    function priceValid() external view returns (bool);

    /// @notice Whether, why and how the token can be rebalanced now. Never reverts.
    function assess() external view returns (Assessment memory);

    /// @notice `deposit` that reverts below `minShares` or after `deadline` (seconds since the
    /// epoch).
    function deposit(uint256 assets, address receiver, uint256 minShares, uint256 deadline)
        external
        returns (uint256 shares);

    /// @notice `mint` that reverts above `maxAssets` or after `deadline`.
    function mint(uint256 shares, address receiver, uint256 maxAssets, uint256 deadline)
        external
        returns (uint256 assets);

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
}
