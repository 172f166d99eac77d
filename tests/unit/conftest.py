"""What the tests of the contracts share."""

from typing import TYPE_CHECKING

import ape
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.world import World


@pytest.fixture
def world(built: "World") -> "Iterator[World]":
    """The world that the module built, for one test. Ape's own isolation switches itself off for
    the whole run once a test has connected to a node that takes no snapshots."""
    provider = ape.networks.provider
    snapshot = provider.snapshot()
    yield built
    provider.restore(snapshot)
