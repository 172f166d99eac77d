// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";

/// @title MockAggregator
/// @notice A Chainlink feed whose rounds anyone can write, and which anyone can break: of prices,
/// or, with 0 decimals, of a sequencer's uptime (0 up, 1 down, `startedAt` when that changed).
///
/// DIFFERENCES from a real one
/// - no access control, no history; rounds are numbered from 1 without a phase.
/// - a price's round starts when it is updated, unless `pushRound` says otherwise.
/// - answers are not clamped to the aggregator's own bounds.
/// - it breaks when it is told to, until it is told otherwise.
contract MockAggregator is IAggregatorV3 {
    /// @notice What `latestRoundData` does: answers its round, reverts, or answers so many bytes of
    /// zeros.
    enum Health {
        Good,
        Reverting,
        Empty,
        Short,
        Huge
    }

    /// @dev One slot, as in a real aggregator. Of a `wide` one the numbers are in `_wide`.
    struct Round {
        int128 answer;
        uint40 startedAt;
        uint40 updatedAt;
        uint32 id;
        Health health;
        bool wide;
    }

    struct WideRound {
        int256 answer;
        uint256 startedAt;
        uint256 updatedAt;
    }

    uint256 private constant SHORT = 159; // bytes, one fewer than a round has
    uint256 private constant HUGE = 1e6; // bytes

    uint8 public immutable decimals;
    string public description;
    Round private _round;
    WideRound private _wide;

    /// @notice A round was written.
    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);

    constructor(uint8 decimals_, string memory description_, int256 answer) {
        decimals = decimals_;
        description = description_;
        push(answer);
    }

    /// @inheritdoc IAggregatorV3
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        Round storage round = _round;
        if (round.health != Health.Good) _misbehave(round.health);
        if (round.wide) {
            return (round.id, _wide.answer, _wide.startedAt, _wide.updatedAt, round.id);
        }
        return (round.id, round.answer, round.startedAt, round.updatedAt, round.id);
    }

    /// @notice What `latestRoundData` does now.
    function health() external view returns (Health) {
        return _round.health;
    }

    /// @notice Writes a round with `answer` (in `decimals`), updated now.
    function push(int256 answer) public {
        pushAt(answer, block.timestamp);
    }

    /// @notice Writes a round with `answer` (in `decimals`), updated at `updatedAt`: stale, future,
    /// incomplete (0).
    function pushAt(int256 answer, uint256 updatedAt) public {
        pushRound(answer, updatedAt, updatedAt);
    }

    /// @notice Writes a round with `answer` that started at `startedAt`, as a sequencer's does when
    /// its status changes.
    function pushRound(int256 answer, uint256 startedAt, uint256 updatedAt) public {
        uint32 id = _round.id + 1;
        // What does not fit is read from `_wide`.
        Round memory round =
            Round(int128(answer), uint40(startedAt), uint40(updatedAt), id, _round.health, false);
        round.wide =
            round.answer != answer || round.startedAt != startedAt || round.updatedAt != updatedAt;
        if (round.wide) _wide = WideRound(answer, startedAt, updatedAt);
        _round = round;
        emit AnswerUpdated(answer, id, updatedAt);
    }

    /// @notice Breaks the feed, or mends it.
    function setHealth(Health health_) external {
        _round.health = health_;
    }

    function _misbehave(Health health_) private pure {
        if (health_ == Health.Reverting) revert();
        uint256 size = health_ == Health.Empty ? 0 : health_ == Health.Short ? SHORT : HUGE;
        // Memory beyond the allocated is zero or scratch, and the call ends here.
        assembly {
            return(mload(0x40), size)
        }
    }
}
