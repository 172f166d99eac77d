// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";

/// @title MockAggregator
/// @notice A Chainlink feed whose rounds anyone can write. Differences from a real one: no access
/// control, no history, rounds are numbered from 1 without a phase.
contract MockAggregator is IAggregatorV3 {
    uint8 public immutable decimals;
    string public description;

    struct Round {
        uint80 id;
        int256 answer;
        uint256 startedAt;
        uint256 updatedAt;
    }

    Round private _round;

    /// @notice A round was written.
    event AnswerUpdated(int256 indexed current, uint256 indexed roundId, uint256 updatedAt);

    constructor(uint8 decimals_, string memory description_, int256 answer) {
        decimals = decimals_;
        description = description_;
        push(answer);
    }

    /// @inheritdoc IAggregatorV3
    function latestRoundData() external view returns (uint80, int256, uint256, uint256, uint80) {
        return (_round.id, _round.answer, _round.startedAt, _round.updatedAt, _round.id);
    }

    /// @notice Writes a round with `answer` (in `decimals`), updated now.
    function push(int256 answer) public {
        pushAt(answer, block.timestamp);
    }

    /// @notice Writes a round with `answer` (in `decimals`), updated at `updatedAt`: stale, future,
    /// incomplete (0).
    function pushAt(int256 answer, uint256 updatedAt) public {
        _round = Round(_round.id + 1, answer, updatedAt, updatedAt);
        emit AnswerUpdated(answer, _round.id, updatedAt);
    }
}
