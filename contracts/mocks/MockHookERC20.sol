// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockERC20} from "./MockERC20.sol";

/// @title MockHookERC20
/// @notice An asset that makes a call of its sender's choice before it moves, as those with hooks
/// can.
contract MockHookERC20 is MockERC20 {
    address private _target;
    bytes private _data;

    constructor() MockERC20("Hooked", "HOOK", 6) {}

    /// @notice Calls `target` with `data` before the next transfer.
    function setHook(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }

    /// @dev The hook runs once.
    function _beforeTokenTransfer(address, address, uint256) internal override {
        address target = _target;
        if (target == address(0)) return;
        _target = address(0);
        (bool ok,) = target.call(_data);
        require(ok);
    }
}
