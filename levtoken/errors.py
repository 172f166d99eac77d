"""Every fault that a user can meet: one base class, one class a fault, the message says the remedy.

LevtokenError
├── ConfigError          a file of config/ is wrong; the message names the field
├── DeploymentError      a record of deployments/ is missing, stale or from another chain
├── ChainError           the network, the account or a transaction refused
│   ├── BrokenPassError      the node went away in a pass of the keeper (keeper/run.py)
│   ├── GovernanceError      the timelock would refuse
│   │   ├── NoRoleError          the account is no proposer, executor or canceller
│   │   ├── NotOwnedError        the token does not belong to the timelock
│   │   ├── NotReadyError        the operation is not due, or follows one that is not done
│   │   ├── DoneOperationError   the operation is executed or cancelled
│   │   └── UnknownOperationError  no operation has that id, or several begin with it
│   ├── Revert               a call of the in-process EVM reverted (evm.py)
│   └── RevertedError        a transaction of a replay reverted; the message names the error
├── ClusterError         a Dask cluster is named that cannot be used
├── WorkerError          a process that replays ended before it was done
├── OutputError          a result cannot be written
├── FetchError           prices cannot be downloaded; what is there already stays
│   ├── UnknownMarketError   the exchange has no such market, or no funding rates
│   ├── UnreachableError     the exchange did not answer, several times
│   ├── RateLimitError       the exchange asks for more patience than a command has
│   ├── RefusedError         the exchange refuses what is asked for, or where it comes from
│   ├── BadAnswerError       the exchange's answer is not what its documentation says
│   └── BusyFolderError      another download is writing to the same folder
└── PriceError           a price file cannot be replayed
    ├── PriceFileError       it is missing, unreadable, or neither Parquet nor CSV
    ├── MissingColumnError   it has no column of times or of prices
    ├── UnknownSymbolError   it has no such symbol, or no token follows it
    ├── TimeZoneError        its times, or the ones asked for, are not UTC
    ├── EmptyWindowError     nothing to replay lies between the times asked for
    ├── DuplicateBarError    a time comes twice
    ├── BarOrderError        a time comes after a later one
    ├── BarGapError          bars are missing, or their step changes
    └── InvalidPriceError    a price is not a positive number
"""


class LevtokenError(Exception):
    """Base of every fault that has a remedy. Scripts print it as one line and exit with code 1."""


class ConfigError(LevtokenError):
    """A configuration file is wrong."""


class DeploymentError(LevtokenError):
    """A deployment record does not fit the chain or the request."""


class ChainError(LevtokenError):
    """The network, the account or the contract refused."""


class GovernanceError(ChainError):
    """The timelock would refuse."""


class NoRoleError(GovernanceError):
    """The account has not the role that the verb asks for."""


class NotOwnedError(GovernanceError):
    """The token does not belong to the timelock."""


class NotReadyError(GovernanceError):
    """The operation is not due, or follows one that is not done."""


class DoneOperationError(GovernanceError):
    """The operation is executed or cancelled."""


class UnknownOperationError(GovernanceError):
    """No operation has that id, or several begin with it."""


class RevertedError(ChainError):
    """A transaction of a replay reverted."""


class ClusterError(LevtokenError):
    """The cluster that replays should run on does not answer, or Dask is not installed."""


class WorkerError(LevtokenError):
    """A process that replays ended before it was done."""


class OutputError(LevtokenError):
    """A result cannot be written where it should go."""


class FetchError(LevtokenError):
    """Prices cannot be downloaded. What was downloaded before stays and is not asked for again."""


class UnknownMarketError(FetchError):
    """The exchange has no such market, or the market has no funding rates."""


class UnreachableError(FetchError):
    """The exchange did not answer, however often it was asked."""


class RateLimitError(FetchError):
    """The exchange wants no more requests for longer than a command waits."""


class RefusedError(FetchError):
    """The exchange refuses the request, or the place it comes from."""


class BadAnswerError(FetchError):
    """An answer is not what the exchange's documentation says, or contradicts itself."""


class BusyFolderError(FetchError):
    """Another download is writing to the same folder."""


class PriceError(LevtokenError):
    """A price file cannot be replayed as it is."""


class PriceFileError(PriceError):
    """The file is missing, unreadable, or neither Parquet nor CSV."""


class MissingColumnError(PriceError):
    """The file lacks a column of times or of prices."""


class UnknownSymbolError(PriceError):
    """The file has no such symbol, or no token follows its underlying."""


class TimeZoneError(PriceError):
    """A time is not UTC, or does not say what it is."""


class EmptyWindowError(PriceError):
    """The window holds too few bars to replay."""


class DuplicateBarError(PriceError):
    """Two bars have the same time."""


class BarOrderError(PriceError):
    """A bar comes after a later one."""


class BarGapError(PriceError):
    """The bars do not follow each other at one step."""


class InvalidPriceError(PriceError):
    """A price is not a positive number."""
