// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";
import {IOracle} from "../interfaces/IOracle.sol";
import {Errors} from "../libraries/Errors.sol";
import {FeedCall} from "../libraries/FeedCall.sol";

/// @title ChainlinkOracle
/// @notice Price of one Chainlink feed, or a named fault. Immutable: another heartbeat is another
/// oracle.
///
/// PRICE
/// The answer of the newest round scaled to WAD, rounded down.
///
/// FAULTS, in the order in which they are looked for
/// On a rollup whose sequencer's uptime feed is named:
/// - SequencerUnavailable: that feed reverts, has no code, answers fewer than five words, has no
///   start of its round, or says neither up (0) nor down (1).
/// - SequencerDown: it says 1.
/// - SequencerGracePeriod: it says 0 since at most `gracePeriod` seconds, or since a later time
///   than this block's. Whoever could not act while it was down can, before prices count again.
/// Of the price feed:
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
    // Answers of a sequencer's uptime feed.
    uint256 private constant UP = 0;
    uint256 private constant DOWN = 1;

    IAggregatorV3 public immutable feed;
    /// @notice Longest age of an answer, seconds.
    uint256 public immutable heartbeat;
    /// @notice Answers at or below are refused, in the feed's decimals.
    uint256 public immutable minAnswer;
    /// @notice Answers at or above are refused, in the feed's decimals.
    uint256 public immutable maxAnswer;
    /// @notice Uptime feed of the rollup's sequencer; 0 on a chain without one.
    IAggregatorV3 public immutable sequencer;
    /// @notice Time after the sequencer came up in which prices are refused, seconds; 0 without
    /// one.
    uint256 public immutable gracePeriod;
    uint256 private immutable _scale;

    constructor(
        IAggregatorV3 feed_,
        uint256 heartbeat_,
        uint256 minAnswer_,
        uint256 maxAnswer_,
        IAggregatorV3 sequencer_,
        uint256 gracePeriod_
    ) {
        uint256 decimals = feed_.decimals();
        require(heartbeat_ > 0 && minAnswer_ < maxAnswer_, Errors.InvalidParameter());
        require(decimals <= MAX_DECIMALS, Errors.InvalidParameter());
        require(
            (address(sequencer_) == address(0)) == (gracePeriod_ == 0), Errors.InvalidParameter()
        );
        feed = feed_;
        heartbeat = heartbeat_;
        minAnswer = minAnswer_;
        maxAnswer = maxAnswer_;
        sequencer = sequencer_;
        gracePeriod = gracePeriod_;
        _scale = 10 ** (MAX_DECIMALS - decimals);
        // Venues may keep a price in 128 bits.
        require(maxAnswer_ <= type(uint128).max / _scale, Errors.InvalidParameter());
    }

    /// @inheritdoc IOracle
    function price() external view returns (uint256, uint256, bytes4) {
        bytes4 fault = _sequencerFault();
        if (fault != 0) return (0, 0, fault);
        (bool ok, uint256 answer,, uint256 updatedAt) = FeedCall.latestRound(address(feed));
        if (!ok) return (0, 0, Errors.FeedUnavailable.selector);
        if (updatedAt == 0) return (0, 0, Errors.RoundIncomplete.selector);
        if (updatedAt > block.timestamp) return (0, updatedAt, Errors.PriceFromFuture.selector);
        // The subtraction cannot underflow after the line above.
        unchecked {
            if (block.timestamp - updatedAt > heartbeat) {
                return (0, updatedAt, Errors.PriceStale.selector);
            }
        }
        // Negative answers are those with the highest bit.
        if (answer == 0 || answer > uint256(type(int256).max)) {
            return (0, updatedAt, Errors.PriceNotPositive.selector);
        }
        if (answer <= minAnswer || answer >= maxAnswer) {
            return (0, updatedAt, Errors.PriceOutOfBounds.selector);
        }
        // Below `maxAnswer`, which fits after scaling.
        unchecked {
            return (answer * _scale, updatedAt, 0);
        }
    }

    function _sequencerFault() private view returns (bytes4) {
        if (address(sequencer) == address(0)) return 0;
        (bool ok, uint256 status, uint256 startedAt,) = FeedCall.latestRound(address(sequencer));
        if (!ok || startedAt == 0 || status > DOWN) return Errors.SequencerUnavailable.selector;
        if (status != UP) return Errors.SequencerDown.selector;
        // The subtraction is reached only when it cannot underflow.
        if (startedAt > block.timestamp || block.timestamp - startedAt <= gracePeriod) {
            return Errors.SequencerGracePeriod.selector;
        }
        return 0;
    }
}
