"""The model against the integers of the real market: the oracle of the other tests is right."""

import pytest

from tests.vectors.files import read
from tests.vectors.model import Model
from tests.vectors.replay import OWN_FILES, Replay


@pytest.mark.parametrize("path", OWN_FILES, ids=lambda path: path.stem)
def test_the_model_gives_every_integer_of_the_vectors(path):
    file = read(path)
    outcome = Replay(file, Model(file.params, file.start, price=10**18)).run()
    assert outcome.mismatches == []
    # At least the state of every step: eight fields of the market and nine of each account.
    assert outcome.comparisons >= len(file.steps) * (8 + 9 * file.accounts)
