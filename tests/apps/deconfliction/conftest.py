"""A prepared node on disk, shared by the tests that need processes of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.apps.deconfliction.another_process import Database, prepared


@pytest.fixture(scope="session")
def two_agencies(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A node with two agencies, an officer and a watch desk in each; take a `copy`."""
    with prepared(tmp_path_factory.mktemp("node")) as base:
        yield base
