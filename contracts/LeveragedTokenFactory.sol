// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {TokenLogic} from "./TokenLogic.sol";
import {TokenParams} from "./interfaces/ILeveragedToken.sol";
import {Errors} from "./libraries/Errors.sol";

/// @title LeveragedTokenFactory
/// @notice Creates tokens from one stored blueprint (ERC-5202) and lists them. Anyone may create
/// one: a token is what its parameters say, and being listed says nothing of its venue.
///
/// BLUEPRINT MUST
/// - hold the three bytes of the preamble (0xFE7100) and the init code of LeveragedToken, without
///   its arguments.
///
/// ADDRESSES
/// CREATE2 without salt: the address of a token follows from its parameters, and no two tokens
/// share them.
contract LeveragedTokenFactory {
    bytes3 private constant PREAMBLE = 0xFE7100;

    /// @notice Where the init code of the tokens is stored.
    address public immutable blueprint;
    /// @notice What judges for all of them.
    TokenLogic public immutable logic;

    address[] private _tokens;
    /// @notice Whether this factory created the token.
    mapping(address token => bool) public isToken;

    /// @notice A token was created.
    event TokenCreated(
        address indexed creator, address indexed token, bytes32 indexed symbol, TokenParams params
    );

    constructor(address blueprint_, TokenLogic logic_) {
        bytes memory code = blueprint_.code;
        require(code.length > 3 && bytes3(code) == PREAMBLE, Errors.InvalidParameter());
        require(address(logic_).code.length > 0, Errors.InvalidParameter());
        blueprint = blueprint_;
        logic = logic_;
    }

    /// @notice Creates the token of `params`. Reverts with `TokenExists` when there is one, and
    /// with the error of its constructor when they are invalid.
    function create(TokenParams calldata params) external returns (address token) {
        bytes memory code = _initCode(params);
        require(!isToken[_addressOf(code)], Errors.TokenExists());
        assembly ("memory-safe") {
            token := create2(0, add(code, 0x20), mload(code), 0)
            // The constructor's error goes to the caller; the scratch space beyond the free pointer
            // takes it.
            if iszero(token) {
                let buffer := mload(0x40)
                returndatacopy(buffer, 0, returndatasize())
                revert(buffer, returndatasize())
            }
        }
        isToken[token] = true;
        _tokens.push(token);
        emit TokenCreated(msg.sender, token, params.symbol, params);
    }

    /// @notice Address of the token of `params`, whether it exists or not.
    function addressOf(TokenParams calldata params) external view returns (address) {
        return _addressOf(_initCode(params));
    }

    /// @notice Number of tokens created.
    function tokenCount() external view returns (uint256) {
        return _tokens.length;
    }

    /// @notice Up to `count` tokens in order of creation, from index `start`.
    function tokens(uint256 start, uint256 count) external view returns (address[] memory page) {
        uint256 total = _tokens.length;
        uint256 left = start < total ? total - start : 0;
        page = new address[](count < left ? count : left);
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = _tokens[start + i];
        }
    }

    function _initCode(TokenParams calldata params) private view returns (bytes memory) {
        address source = blueprint;
        uint256 size = source.code.length - 3;
        bytes memory code = new bytes(size);
        // `code` was allocated with this size; the copy starts behind the preamble.
        assembly ("memory-safe") {
            extcodecopy(source, add(code, 0x20), 3, size)
        }
        return bytes.concat(code, abi.encode(params, logic));
    }

    function _addressOf(bytes memory code) private view returns (address) {
        bytes32 hash =
            keccak256(abi.encodePacked(bytes1(0xff), address(this), bytes32(0), keccak256(code)));
        return address(uint160(uint256(hash)));
    }
}
