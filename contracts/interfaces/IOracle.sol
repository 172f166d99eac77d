// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title IOracle
/// @notice One index price: of one unit of the underlying, in the asset.
interface IOracle {
    /// @notice The price now. Never reverts.
    /// @return price WAD; meaningless when `fault` is not 0.
    /// @return updatedAt Time of publication, seconds since the epoch; 0 when unknown.
    /// @return fault 0 when the price is good, otherwise the selector of the error that a verb must
    /// raise.
    function price() external view returns (uint256 price, uint256 updatedAt, bytes4 fault);
}
