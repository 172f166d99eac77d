"""Every fault that a user can meet: one base class, one class a fault, the message says the remedy.

LevtokenError
├── ConfigError          a file of config/ is wrong; the message names the field
├── DeploymentError      a record of deployments/ is missing, stale or from another chain
├── ChainError           the network, the account or a transaction refused
└── PriceError           a price file cannot be replayed
"""


class LevtokenError(Exception):
    """Base of every fault that has a remedy. Scripts print it as one line and exit with code 1."""


class ConfigError(LevtokenError):
    """A configuration file is wrong."""


class DeploymentError(LevtokenError):
    """A deployment record does not fit the chain or the request."""


class ChainError(LevtokenError):
    """The network, the account or the contract refused."""


class PriceError(LevtokenError):
    """A price file cannot be replayed as it is."""
