// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockERC20} from "./MockERC20.sol";

/// @title MockQuirkyERC20
/// @notice An asset that is everything an ERC-20 should not be, one vice at a time.
///
/// DIFFERENCES from `MockERC20`, each only while it is switched on
/// - `Fee`: one percent of what moves is burned.
/// - `False`: a transfer that moves nothing answers false instead of reverting.
/// - `Silent`: a transfer answers nothing.
/// - `Narrow`: amounts and balances of more than 96 bits are refused.
/// - a blocked account neither sends nor receives.
/// - balances can be scaled, all at once.
contract MockQuirkyERC20 is MockERC20 {
    enum Quirk {
        None,
        Fee,
        False,
        Silent,
        Narrow
    }

    uint256 private constant FEE = 100; // one part in so many

    Quirk public quirk;
    uint256 private _numerator = 1;
    uint256 private _denominator = 1;
    mapping(address account => bool) public isBlocked;

    constructor(uint8 decimals_) MockERC20("Quirky", "QRK", decimals_) {}

    function setQuirk(Quirk quirk_) external {
        quirk = quirk_;
    }

    function setBlocked(address account, bool blocked) external {
        isBlocked[account] = blocked;
    }

    /// @notice Shows every balance times `numerator / denominator`; what moves is divided by it.
    function rebase(uint256 numerator, uint256 denominator) external {
        (_numerator, _denominator) = (numerator, denominator);
    }

    function balanceOf(address account) public view override returns (uint256) {
        return super.balanceOf(account) * _numerator / _denominator;
    }

    function transfer(address to, uint256 amount) public override returns (bool) {
        if (quirk == Quirk.False) return false;
        super.transfer(to, _raw(amount));
        return _after(to, amount);
    }

    function transferFrom(address from, address to, uint256 amount) public override returns (bool) {
        if (quirk == Quirk.False) return false;
        super.transferFrom(from, to, _raw(amount));
        return _after(to, amount);
    }

    function _after(address to, uint256 amount) private returns (bool) {
        if (quirk == Quirk.Fee) _burn(to, _raw(amount) / FEE);
        if (quirk == Quirk.Silent) {
            assembly {
                return(0, 0)
            }
        }
        return true;
    }

    function _raw(uint256 amount) private view returns (uint256) {
        return amount * _denominator / _numerator;
    }

    function _beforeTokenTransfer(address from, address to, uint256 amount) internal view override {
        require(!isBlocked[from] && !isBlocked[to], "blocked");
        bool fits = amount <= type(uint96).max && super.balanceOf(to) <= type(uint96).max;
        require(quirk != Quirk.Narrow || fits, "more than 96 bits");
    }
}
