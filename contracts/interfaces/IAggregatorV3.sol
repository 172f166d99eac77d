// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IAggregatorV3
/// @notice The part of Chainlink's feed interface that the oracle reads.
interface IAggregatorV3 {
    /// @notice Decimals of `answer`.
    function decimals() external view returns (uint8);

    /// @notice What the feed measures, such as "BTC / USD".
    function description() external view returns (string memory);

    /// @notice The newest round.
    /// @return roundId Number of the round.
    /// @return answer The price in `decimals` decimals, signed.
    /// @return startedAt When the round started, seconds since the epoch.
    /// @return updatedAt When the answer was computed, seconds since the epoch; 0 while it is not.
    /// @return answeredInRound Kept by the interface for old callers.
    function latestRoundData()
        external
        view
        returns (
            uint80 roundId,
            int256 answer,
            uint256 startedAt,
            uint256 updatedAt,
            uint80 answeredInRound
        );
}
