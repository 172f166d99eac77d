// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MockERC20} from "./MockERC20.sol";

/// @title MockHookReceiverERC20
/// @notice An asset that makes a call of anybody's choice after it moved, as those that tell their
/// receiver do. Differences from `MockHookERC20`: after, not before; and whether the call goes well
/// is nobody's business.
contract MockHookReceiverERC20 is MockERC20 {
    address private _target;
    bytes private _data;

    constructor() MockERC20("Hooked after", "HOOK", 6) {}

    /// @notice Calls `target` with `data` after the next transfer.
    function setHook(address target, bytes calldata data) external {
        (_target, _data) = (target, data);
    }

    /// @dev The hook runs once.
    function _afterTokenTransfer(address, address, uint256) internal override {
        address target = _target;
        _target = address(0);
        if (target == address(0)) return;
        (bool ok,) = target.call(_data);
        ok;
    }
}
