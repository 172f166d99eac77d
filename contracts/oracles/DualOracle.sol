// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IOracle} from "../interfaces/IOracle.sol";
import {Errors} from "../libraries/Errors.sol";
import {FeedCall} from "../libraries/FeedCall.sol";

/// @title DualOracle
/// @notice The price of a primary oracle as long as a secondary one, of another source, agrees with
/// it; otherwise a named fault. Immutable: another deviation is another oracle.
///
/// PRICE
/// The primary's, unchanged. `updatedAt` is the older of the two times: the pair vouches for
/// nothing younger than its older half, so whoever asks for a price published after a moment gets
/// two that were.
///
/// FAULTS, in the order in which they are looked for; `updatedAt` is that of the faulty oracle
/// - the primary's own fault, then the secondary's own. An oracle that reverts, has no code,
///   answers fewer than three words or a fault that is no selector is FeedUnavailable; one that
///   calls a price of zero good is PriceNotPositive, one beyond 128 bits PriceOutOfBounds.
/// - PricesDiverge: the higher of the two prices over the lower is more than 1 + `maxDeviation`.
///
/// ORACLES MUST
/// - give prices of the same pair, WAD.
/// - have sources that do not fail together.
/// - leave gas for the caller: an answer of any length costs no more than its first three words.
contract DualOracle is IOracle {
    uint256 private constant WAD = 1e18;
    uint256 private constant PRICE_WORDS = 3;

    IOracle public immutable primary;
    IOracle public immutable secondary;
    /// @notice Largest difference of the two prices, WAD of the lower.
    uint256 public immutable maxDeviation;

    constructor(IOracle primary_, IOracle secondary_, uint256 maxDeviation_) {
        require(address(primary_) != address(secondary_), Errors.InvalidParameter());
        require(address(primary_) != address(0), Errors.InvalidParameter());
        require(address(secondary_) != address(0), Errors.InvalidParameter());
        require(maxDeviation_ > 0 && maxDeviation_ < WAD, Errors.InvalidParameter());
        primary = primary_;
        secondary = secondary_;
        maxDeviation = maxDeviation_;
    }

    /// @inheritdoc IOracle
    function price() external view returns (uint256, uint256, bytes4) {
        (uint256 first, uint256 firstAt, bytes4 fault) = _ask(primary);
        if (fault != 0) return (0, firstAt, fault);
        (uint256 second, uint256 secondAt, bytes4 secondFault) = _ask(secondary);
        if (secondFault != 0) return (0, secondAt, secondFault);
        uint256 updatedAt = firstAt < secondAt ? firstAt : secondAt;
        (uint256 low, uint256 high) = first < second ? (first, second) : (second, first);
        // Neither overflows: prices have 128 bits, the factors 60.
        if ((high - low) * WAD > maxDeviation * low) {
            return (0, updatedAt, Errors.PricesDiverge.selector);
        }
        return (first, updatedAt, 0);
    }

    function _ask(IOracle oracle) private view returns (uint256, uint256, bytes4) {
        bytes memory question = abi.encodeCall(IOracle.price, ());
        (bool ok, uint256[5] memory answer) = FeedCall.ask(address(oracle), question, PRICE_WORDS);
        bytes32 fault = bytes32(answer[2]);
        // A selector fills the first four bytes of its word, the rest is zero.
        bool isSelector = fault == bytes4(fault);
        if (!ok || !isSelector) return (0, 0, Errors.FeedUnavailable.selector);
        if (fault != 0) return (0, answer[1], bytes4(fault));
        if (answer[0] == 0) return (0, answer[1], Errors.PriceNotPositive.selector);
        if (answer[0] > type(uint128).max) return (0, answer[1], Errors.PriceOutOfBounds.selector);
        return (answer[0], answer[1], 0);
    }
}
