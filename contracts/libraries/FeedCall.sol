// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAggregatorV3} from "../interfaces/IAggregatorV3.sol";

/// @title FeedCall
/// @notice Asks a contract that may be anything. Whatever it does, the caller goes on: a revert, no
/// code and an answer that is too short are `false`, and of a longer one only the words asked for
/// are copied. Whoever gives so little gas that the feed runs out gets a fault that is not the
/// feed's, and a few hundredths of what the feed used up to go on with: too little to write it to
/// storage, as long as a feed needs less than 100,000.
library FeedCall {
    uint256 private constant MAX_WORDS = 5;
    uint256 private constant ROUND_BYTES = 160;
    // Where they are in the answer of `latestRoundData`, bytes.
    uint256 private constant ANSWER = 0x20;
    uint256 private constant STARTED_AT = 0x40;
    uint256 private constant UPDATED_AT = 0x60;

    /// @notice The first `count` words of what `target` answers to `data`; `count` is at most
    /// `MAX_WORDS`, the words behind it are 0. Without meaning unless `ok`.
    function ask(address target, bytes memory data, uint256 count)
        internal
        view
        returns (bool ok, uint256[5] memory answer)
    {
        assert(count <= MAX_WORDS);
        // Only `answer` is written, which has room for `MAX_WORDS`.
        assembly ("memory-safe") {
            let size := shl(5, count)
            ok := staticcall(gas(), target, add(data, 0x20), mload(data), answer, size)
            ok := and(ok, iszero(lt(returndatasize(), size)))
        }
    }

    /// @notice The newest round of a Chainlink feed. Without meaning unless `ok`.
    function latestRound(address feed)
        internal
        view
        returns (bool ok, uint256 answer, uint256 startedAt, uint256 updatedAt)
    {
        bytes4 question = IAggregatorV3.latestRoundData.selector;
        // Writes scratch space and memory behind the allocated, of which nothing is kept.
        assembly ("memory-safe") {
            mstore(0, question)
            let round := mload(0x40)
            ok := staticcall(gas(), feed, 0, 4, round, ROUND_BYTES)
            ok := and(ok, iszero(lt(returndatasize(), ROUND_BYTES)))
            answer := mload(add(round, ANSWER))
            startedAt := mload(add(round, STARTED_AT))
            updatedAt := mload(add(round, UPDATED_AT))
        }
    }
}
