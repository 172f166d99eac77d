// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title MockWitness
/// @notice Makes the calls that it is told to, remembers what they answered, and goes on whatever
/// that was: a contract that holds shares, keeps tokens, or looks around in the middle of somebody
/// else's call. Difference from anything real: anyone commands it.
contract MockWitness {
    struct Answer {
        bool ok;
        bytes data;
    }

    Answer[] private _answers;

    /// @notice Calls each target with its data, and remembers the answers instead of the last ones.
    function act(address[] calldata targets, bytes[] calldata data) external {
        delete _answers;
        for (uint256 i; i < targets.length; ++i) {
            (bool ok, bytes memory said) = targets[i].call(data[i]);
            _answers.push(Answer(ok, said));
        }
    }

    /// @notice What the calls answered.
    function answers() external view returns (Answer[] memory) {
        return _answers;
    }
}
