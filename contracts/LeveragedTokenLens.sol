// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LeveragedToken} from "./LeveragedToken.sol";
import {Assessment} from "./interfaces/ILeveragedToken.sol";
import {IPerpVenue, VenueState} from "./interfaces/IPerpVenue.sol";
import {Policy, Progress} from "./libraries/RebalancePolicy.sol";

/// @notice A token as its keeper and its holders see it.
/// @param ok False when the token could not be read; only `token` is meaningful then.
/// @param supply Shares, 18 decimals.
/// @param totalAssets Asset units.
/// @param sharePrice WAD of the asset.
/// @param leverage WAD, magnitude.
/// @param liquidationPrice WAD of the asset.
/// @param position Index price, size, equity and fault.
/// @param due What a rebalance would do.
struct TokenStatus {
    address token;
    bool ok;
    string name;
    string symbol;
    address asset;
    IPerpVenue venue;
    int256 targetLeverage;
    uint256 supply;
    uint256 totalAssets;
    uint256 sharePrice;
    uint256 leverage;
    uint256 liquidationPrice;
    VenueState position;
    Policy policy;
    Progress progress;
    Assessment due;
}

/// @title LeveragedTokenLens
/// @notice The status of many tokens in one call. A token that cannot be read does not break the
/// page.
contract LeveragedTokenLens {
    uint256 private constant GAS_EACH = 3e6; // several times what a sound token takes

    /// @notice The status of each of `tokens`, in their order.
    function status(address[] calldata tokens) external view returns (TokenStatus[] memory page) {
        page = new TokenStatus[](tokens.length);
        for (uint256 i = 0; i < tokens.length; ++i) {
            try this.statusOf{gas: GAS_EACH}(LeveragedToken(tokens[i])) returns (
                TokenStatus memory one
            ) {
                page[i] = one;
            } catch {
                page[i].token = tokens[i];
            }
        }
    }

    /// @notice The status of one token; reverts when it cannot be read.
    function statusOf(LeveragedToken token) external view returns (TokenStatus memory s) {
        s.token = address(token);
        s.ok = true;
        s.name = token.name();
        s.symbol = token.symbol();
        s.asset = token.asset();
        s.venue = token.venue();
        s.targetLeverage = token.targetLeverage();
        s.supply = token.totalSupply();
        s.totalAssets = token.totalAssets();
        s.sharePrice = token.sharePrice();
        s.leverage = token.leverage();
        s.liquidationPrice = s.venue.liquidationPrice(address(token));
        s.position = s.venue.state(address(token));
        s.policy = token.policy();
        s.progress = token.progress();
        s.due = token.assess();
    }
}
