// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {Errors} from "../libraries/Errors.sol";

/// @title ChainlinkOracle
/// @notice Price of one Chainlink feed, or a named fault. Immutable: another heartbeat is another
/// oracle.
///
/// PRICE
/// The answer of the newest round scaled to WAD, rounded down.
///
/// FAULTS, in the order in which they are looked for
/// - FeedUnavailable: the feed reverts, has no code, or answers fewer than five words.
/// - RoundIncomplete: the round has no time of update.
/// - PriceFromFuture: updated after this block.
/// - PriceStale: updated more than `heartbeat` seconds ago.
/// - PriceNotPositive: the answer is zero or negative.
/// - PriceOutOfBounds: the answer is at or beyond `minAnswer` or `maxAnswer`, where feeds are
///   clamped.
///
/// FEED MUST
/// - keep its decimals; they are read once.
/// - leave gas for the caller: an answer of any length costs no more than its first five words.
contract ChainlinkOracle is IOracle {
    uint256 private constant MAX_DECIMALS = 18;
    uint256 private constant ROUND_BYTES = 160;

    IAggregatorV3 public immutable feed;
    /// @notice Longest age of an answer, seconds.
    uint256 public immutable heartbeat;
    /// @notice Answers at or below are refused, in the feed's decimals.
    uint256 public immutable minAnswer;
    /// @notice Answers at or above are refused, in the feed's decimals.
    uint256 public immutable maxAnswer;
    uint256 private immutable _scale;

    constructor(IAggregatorV3 feed_, uint256 heartbeat_, uint256 minAnswer_, uint256 maxAnswer_) {
        uint256 decimals = feed_.decimals();
        require(heartbeat_ > 0 && minAnswer_ < maxAnswer_, Errors.InvalidParameter());
        require(decimals <= MAX_DECIMALS, Errors.InvalidParameter());
        feed = feed_;
        heartbeat = heartbeat_;
        minAnswer = minAnswer_;
        maxAnswer = maxAnswer_;
        _scale = 10 ** (MAX_DECIMALS - decimals);
        // Venues may keep a price in 128 bits.
        require(maxAnswer_ <= type(uint128).max / _scale, Errors.InvalidParameter());
    }

    /// @inheritdoc IOracle
    function price() external view returns (uint256, uint256, bytes4) {
        (bool ok, int256 answer, uint256 updatedAt) = _latestRound();
        if (!ok) return (0, 0, Errors.FeedUnavailable.selector);
        if (updatedAt == 0) return (0, 0, Errors.RoundIncomplete.selector);
        if (updatedAt > block.timestamp) return (0, updatedAt, Errors.PriceFromFuture.selector);
        // The subtraction cannot underflow after the line above.
        if (block.timestamp - updatedAt > heartbeat) {
            return (0, updatedAt, Errors.PriceStale.selector);
        }
        if (answer <= 0) return (0, updatedAt, Errors.PriceNotPositive.selector);
        // A positive answer fits.
        uint256 value = uint256(answer);
        if (value <= minAnswer || value >= maxAnswer) {
            return (0, updatedAt, Errors.PriceOutOfBounds.selector);
        }
        return (value * _scale, updatedAt, 0);
    }

    /// @dev A low-level call: a feed that reverts or answers garbage must become a fault, not a
    /// revert here.
    function _latestRound() private view returns (bool ok, int256 answer, uint256 updatedAt) {
        address target = address(feed);
        bytes4 selector = IAggregatorV3.latestRoundData.selector;
        // Only the free memory beyond the pointer is written, and at most `ROUND_BYTES` of the
        // answer are copied.
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            mstore(buffer, selector)
            ok := staticcall(gas(), target, buffer, 4, buffer, ROUND_BYTES)
            ok := and(ok, iszero(lt(returndatasize(), ROUND_BYTES)))
            answer := mload(add(buffer, 0x20))
            updatedAt := mload(add(buffer, 0x60))
        }
    }
}
