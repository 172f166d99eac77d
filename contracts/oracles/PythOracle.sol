// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IPyth} from "@pythnetwork/pyth-sdk-solidity/IPyth.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";

import {IOracle} from "../interfaces/IOracle.sol";
import {IPullOracle} from "../interfaces/IPullOracle.sol";
import {Errors} from "../libraries/Errors.sol";
import {FeedCall} from "../libraries/FeedCall.sol";

/// @title PythOracle
/// @notice Price of one feed of Pyth, or a named fault. Prices come signed by their publishers:
/// anyone brings them with `update`. Immutable: another limit is another oracle.
///
/// PRICE
/// The newest price that the Pyth contract knows, times ten to its exponent, scaled to WAD. Exact
/// down to an exponent of -18; below, rounded down to the WAD.
///
/// USE
/// For orders that were submitted before the price was published. As the index price of orders that
/// execute at once it lets whoever brings prices choose among those of a moment, at the venue's
/// cost: two in one block are enough.
///
/// FAULTS, in the order in which they are looked for
/// - FeedUnavailable: the Pyth contract reverts (it does for a price that was never brought), has
///   no code, answers fewer than four words, or with numbers that are not of its types.
/// - RoundIncomplete: the price has no time of publication.
/// - PriceFromFuture: published after this block. Publishers' clocks can be seconds ahead of a
///   block's: the price is good as soon as a block has caught up.
/// - PriceStale: published more than `maxAge` seconds ago.
/// - PriceNotPositive: the price is zero or negative.
/// - ExponentOutOfRange: the exponent is below -36 or above 18.
/// - ConfidenceTooWide: the confidence interval is more than `maxConfidence` of the price.
/// - PriceOutOfBounds: the price is at or beyond `minPrice` or `maxPrice`.
///
/// UPDATE
/// Pays the Pyth contract exactly its fee, refunds the rest, and keeps nothing: the oracle has no
/// storage, counts on no balance, and takes no ether outside of `update`. That is why it needs no
/// guard against reentrancy: whoever is called calls into a contract without state. An update that
/// is older than what is known changes nothing and still costs its fee.
/// - InsufficientFee: less was sent than the fee.
/// - RefundFailed: `refundTo` does not take the rest.
/// - Errors of the Pyth contract about `data` come through as they are.
///
/// FEED MUST
/// - give times of publication in seconds since the epoch.
/// - only replace a price by one that was published later.
/// - take its fee from the value of the call, all of it.
/// - leave gas for the caller: an answer of any length costs no more than its first four words.
contract PythOracle is IPullOracle {
    uint256 private constant WAD = 1e18;
    int256 private constant WAD_DECIMALS = 18;
    int256 private constant MIN_EXPONENT = -36;
    int256 private constant MAX_EXPONENT = 18;
    uint256 private constant PRICE_WORDS = 4;

    IPyth public immutable pyth;
    /// @notice Which price of the Pyth contract.
    bytes32 public immutable priceId;
    /// @notice Longest age of a price, seconds.
    uint256 public immutable maxAge;
    /// @notice Widest confidence interval, WAD of the price; half of the interval's width, as Pyth
    /// gives it.
    uint256 public immutable maxConfidence;
    /// @notice Prices at or below are refused, WAD.
    uint256 public immutable minPrice;
    /// @notice Prices at or above are refused, WAD.
    uint256 public immutable maxPrice;

    constructor(
        IPyth pyth_,
        bytes32 priceId_,
        uint256 maxAge_,
        uint256 maxConfidence_,
        uint256 minPrice_,
        uint256 maxPrice_
    ) {
        require(address(pyth_) != address(0) && priceId_ != 0, Errors.InvalidParameter());
        require(maxAge_ > 0 && minPrice_ < maxPrice_, Errors.InvalidParameter());
        require(maxConfidence_ > 0 && maxConfidence_ < WAD, Errors.InvalidParameter());
        // Venues may keep a price in 128 bits.
        require(maxPrice_ <= type(uint128).max, Errors.InvalidParameter());
        pyth = pyth_;
        priceId = priceId_;
        maxAge = maxAge_;
        maxConfidence = maxConfidence_;
        minPrice = minPrice_;
        maxPrice = maxPrice_;
    }

    /// @inheritdoc IPullOracle
    /// @dev Fails with InsufficientFee, RefundFailed and the errors of the Pyth contract.
    function update(bytes[] calldata data, address refundTo) external payable {
        uint256 fee = pyth.getUpdateFee(data);
        require(msg.value >= fee, Errors.InsufficientFee());
        pyth.updatePriceFeeds{value: fee}(data);
        // The subtraction cannot underflow after the line above.
        uint256 rest = msg.value - fee;
        if (rest == 0) return;
        bool ok = SafeTransferLib.trySafeTransferETH(refundTo, rest, gasleft());
        require(ok, Errors.RefundFailed());
    }

    /// @inheritdoc IPullOracle
    /// @dev Fails as the Pyth contract does.
    function updateFee(bytes[] calldata data) external view returns (uint256) {
        return pyth.getUpdateFee(data);
    }

    /// @inheritdoc IOracle
    function price() external view returns (uint256, uint256, bytes4) {
        bytes memory question = abi.encodeCall(IPyth.getPriceUnsafe, (priceId));
        (bool ok, uint256[5] memory answer) = FeedCall.ask(address(pyth), question, PRICE_WORDS);
        (int256 quoted, uint256 confidence, int256 exponent, uint256 time) =
            (_signed(answer[0]), answer[1], _signed(answer[2]), answer[3]);
        if (!ok || !_hasTypes(quoted, confidence, exponent)) {
            return (0, 0, Errors.FeedUnavailable.selector);
        }
        bytes4 fault = _timeFault(time);
        if (fault != 0) return (0, time, fault);
        if (quoted <= 0) return (0, time, Errors.PriceNotPositive.selector);
        if (exponent < MIN_EXPONENT || exponent > MAX_EXPONENT) {
            return (0, time, Errors.ExponentOutOfRange.selector);
        }
        // A positive int256 is the same as a uint256; both products are of at most 64 and 60 bits.
        if (confidence * WAD > maxConfidence * uint256(quoted)) {
            return (0, time, Errors.ConfidenceTooWide.selector);
        }
        uint256 value = _toWad(uint256(quoted), exponent + WAD_DECIMALS);
        if (value <= minPrice || value >= maxPrice) {
            return (0, time, Errors.PriceOutOfBounds.selector);
        }
        return (value, time, 0);
    }

    function _timeFault(uint256 time) private view returns (bytes4) {
        if (time == 0) return Errors.RoundIncomplete.selector;
        if (time > block.timestamp) return Errors.PriceFromFuture.selector;
        // The subtraction cannot underflow after the line above.
        return block.timestamp - time > maxAge ? Errors.PriceStale.selector : bytes4(0);
    }

    /// @dev Whether the words are an int64, a uint64 and an int32, as they are in Pyth's answer.
    function _hasTypes(int256 quoted, uint256 confidence, int256 exponent)
        private
        pure
        returns (bool)
    {
        return quoted >= type(int64).min && quoted <= type(int64).max
            && confidence <= type(uint64).max && exponent >= type(int32).min
            && exponent <= type(int32).max;
    }

    /// @dev `value` times ten to `power`, rounded down. `value` has at most 63 bits and `power`
    /// lies between -18 and 36, so the product has at most 183 bits.
    function _toWad(uint256 value, int256 power) private pure returns (uint256) {
        // The casts are of numbers that are not negative.
        return power < 0 ? value / 10 ** uint256(-power) : value * 10 ** uint256(power);
    }

    function _signed(uint256 word) private pure returns (int256) {
        // The two's complement of the word, as the ABI encodes signed numbers.
        return int256(word);
    }
}
