// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from "solady/tokens/ERC20.sol";
import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";

import {
    IScaledUIAmount,
    IScaledUIAmountBalances,
    IScaledUIAmountConversion,
    IScaledUIAmountNewUIMultiplier
} from "../interfaces/IScaledUIAmount.sol";
import {Errors} from "../libraries/Errors.sol";

/// @title ScaledUIAmount
/// @notice A split or reverse split by ERC-8056: what wallets show is scaled; balances, allowances
/// and everything that counts in raw shares stay as they are.
abstract contract ScaledUIAmount is
    ERC20,
    IScaledUIAmount,
    IScaledUIAmountNewUIMultiplier,
    IScaledUIAmountConversion,
    IScaledUIAmountBalances
{
    using FixedPointMathLib for uint256;

    uint256 internal constant ONE = 1e18;
    uint256 internal constant MAX_UI_MULTIPLIER = 1e30; // a million million to one, either way
    uint256 internal constant MIN_UI_MULTIPLIER = 1e6;
    bytes4 private constant ERC165 = 0x01ffc9a7;

    struct Scale {
        uint104 old;
        uint104 next;
        uint48 effectiveAt;
    }

    Scale private _scale = Scale(uint104(ONE), uint104(ONE), 0);

    /// @inheritdoc IScaledUIAmount
    function uiMultiplier() public view returns (uint256) {
        return block.timestamp < _scale.effectiveAt ? _scale.old : _scale.next;
    }

    /// @inheritdoc IScaledUIAmountNewUIMultiplier
    function newUIMultiplier() external view returns (uint256) {
        return _scale.next;
    }

    /// @inheritdoc IScaledUIAmountNewUIMultiplier
    function effectiveAt() external view returns (uint256) {
        return _scale.effectiveAt;
    }

    /// @inheritdoc IScaledUIAmountConversion
    function toUIAmount(uint256 rawAmount) public view returns (uint256) {
        return rawAmount.fullMulDiv(uiMultiplier(), ONE);
    }

    /// @inheritdoc IScaledUIAmountConversion
    function fromUIAmount(uint256 uiAmount) external view returns (uint256) {
        return uiAmount.fullMulDiv(ONE, uiMultiplier());
    }

    /// @inheritdoc IScaledUIAmountBalances
    function balanceOfUI(address account) external view returns (uint256) {
        return toUIAmount(balanceOf(account));
    }

    /// @inheritdoc IScaledUIAmountBalances
    function totalSupplyUI() external view returns (uint256) {
        return toUIAmount(totalSupply());
    }

    /// @notice ERC-165.
    function supportsInterface(bytes4 id) external pure returns (bool) {
        return id == ERC165 || id == type(IScaledUIAmount).interfaceId
            || id == type(IScaledUIAmountNewUIMultiplier).interfaceId
            || id == type(IScaledUIAmountConversion).interfaceId
            || id == type(IScaledUIAmountBalances).interfaceId;
    }

    /// @dev Shows amounts times `multiplier` from `start` on, which is now or later; replaces a change
    /// that has not taken effect.
    function _setUIMultiplier(uint256 multiplier, uint256 start) internal {
        bool within = multiplier >= MIN_UI_MULTIPLIER && multiplier <= MAX_UI_MULTIPLIER;
        // 48 bits of seconds last for nine million years.
        bool later = start >= block.timestamp && start <= type(uint48).max;
        require(within && later, Errors.InvalidParameter());
        Scale memory scale = _scale;
        if (block.timestamp < scale.effectiveAt) {
            emit UIMultiplierUpdateCancelled(scale.next, scale.effectiveAt);
        }
        uint256 old = uiMultiplier();
        _scale = Scale(uint104(old), uint104(multiplier), uint48(start));
        emit UIMultiplierUpdated(old, multiplier, start);
    }
}
