"""docs/licences.md tells of every package that is installed."""

from tools.licences import PROJECT, document


def test_the_list_of_licences_is_that_of_the_lock_files() -> None:
    assert (PROJECT / "docs" / "licences.md").read_text() == document(), "run make licences"
