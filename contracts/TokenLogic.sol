// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";

import {Assessment} from "./interfaces/ILeveragedToken.sol";
import {IPerpVenue, VenueLimits} from "./interfaces/IPerpVenue.sol";
import {Errors} from "./libraries/Errors.sol";
import {Flow, FlowLimits} from "./libraries/FlowLimits.sol";
import {Flows, MintOrder} from "./libraries/Flows.sol";
import {Policy, Prices, Progress, RebalancePolicy, Trigger} from "./libraries/RebalancePolicy.sol";
import {Rebalancing} from "./libraries/Rebalancing.sol";
import {Bounds, Subject} from "./libraries/Subject.sol";

/// @title TokenLogic
/// @notice What of a token does not fit beside its verbs: judgement, and the policies that it
/// judges by. It holds no assets, has no storage and no owner and cannot be changed; all tokens of a
/// factory share it.
///
/// POLICIES
/// A policy is stored once, as the code of a contract that can do nothing, at an address that
/// follows from its content: whoever names the address names the content.
contract TokenLogic {
    using FixedPointMathLib for int256;
    using RebalancePolicy for Policy;

    bytes32 private constant SALT = 0;
    uint256 private constant POLICY_SIZE = 640; // bytes of an encoded policy

    /// @notice A policy was stored.
    event PolicyStored(address indexed stored, Policy policy);

    /// @notice Stores a policy, unless it is stored already. Anyone may: it is data, and a token
    /// judges it before it follows it.
    function storePolicy(Policy calldata policy) external returns (address stored) {
        bytes memory data = abi.encode(policy);
        stored = SSTORE2.predictCounterfactualAddress(data, SALT);
        if (stored.code.length > 0) return stored;
        SSTORE2.writeCounterfactual(data, SALT);
        emit PolicyStored(stored, policy);
    }

    /// @notice The policy that is stored at an address; reverts where there is none.
    function policyAt(address stored) public view returns (Policy memory policy) {
        require(stored.code.length == POLICY_SIZE + 1, Errors.InvalidParameter());
        _read(stored, policy);
    }

    /// @notice The size limit (WAD) of the calling token of target `target` (magnitude, WAD) under
    /// the policy at an address, and whether that asks how far the price has moved. Reverts with
    /// `InvalidPolicy` unless it keeps the token alive at the venue.
    function judge(address stored, uint256 target, IPerpVenue venue)
        external
        view
        returns (uint256 maxSize, bool tracksPrices)
    {
        Policy memory policy = policyAt(stored);
        bool genuine = stored == SSTORE2.predictCounterfactualAddress(abi.encode(policy), SALT);
        require(genuine, Errors.InvalidParameter());
        VenueLimits memory limits = venue.limits();
        policy.validate(target, venue.state(msg.sender).size.abs(), limits);
        return (policy.sizeLimit(target, limits), policy.tracksPrices());
    }

    /// @notice What a rebalance would do now, see `Rebalancing`.
    /// @param closing Whether the token only trades out.
    function assess(
        Subject calldata subject,
        Progress calldata last,
        Prices calldata prices,
        bool closing
    ) external view returns (Assessment memory a) {
        Policy memory policy;
        _read(last.policy, policy);
        Rebalancing.assess(subject, policy, last, prices, closing, a);
    }

    /// @notice What a rebalance does, and the slot of the schedule that it uses, if any (seconds
    /// since the epoch); reverts with the reason when it cannot be.
    function plan(
        Subject calldata subject,
        Progress calldata last,
        Prices calldata prices,
        bool closing
    ) external view returns (Assessment memory a, uint256 slot) {
        Policy memory policy;
        _read(last.policy, policy);
        Rebalancing.assess(subject, policy, last, prices, closing, a);
        Errors.raise(a.reason);
        if (a.trigger == Trigger.Schedule) slot = policy.slotAt(block.timestamp);
    }

    /// @notice What `gross` shares, fee included, cost now, see `Flows`.
    function mintCost(Subject calldata subject, uint256 gross, uint256 supply)
        external
        view
        returns (MintOrder memory)
    {
        return Flows.mintCost(subject, gross, supply);
    }

    /// @notice The part of `supply` whose redemption pays at least `assets`, see `Flows`.
    function exitFor(Subject calldata subject, uint256 assets, uint256 supply)
        external
        view
        returns (uint256)
    {
        return Flows.exitFor(subject, assets, supply);
    }

    /// @notice The largest `flow` that would go through now, see `FlowLimits`.
    function largest(Subject calldata subject, Bounds calldata bounds, Flow flow)
        external
        view
        returns (uint256)
    {
        return FlowLimits.largest(subject, bounds, flow);
    }

    /// @dev Fills `policy`, because one that is returned is laid out twice. A token follows only
    /// what was judged, and that code cannot change.
    function _read(address stored, Policy memory policy) private view {
        // In memory, as in the encoding, every field has a word of its own, and `policy` has room
        // for all. The first byte of the code keeps it from being run.
        assembly ("memory-safe") {
            extcodecopy(stored, policy, 1, POLICY_SIZE)
        }
    }
}
