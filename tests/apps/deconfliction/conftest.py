"""A prepared node on disk, shared by the tests that need processes of their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.apps.deconfliction.another_process import Database, prepared, run
from tests.migrated import Migrated


@pytest.fixture(scope="session")
def two_agencies(tmp_path_factory: pytest.TempPathFactory, migrated: Migrated) -> Iterator[Database]:
    """A node with two agencies, an officer and a watch desk in each; take a `copy`."""
    with prepared(tmp_path_factory.mktemp("node"), migrated) as base:
        yield base


@pytest.fixture(scope="session")
def waiting(two_agencies: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The same after Alice has registered and nobody was there."""
    with two_agencies.copied(tmp_path_factory.mktemp("waiting")) as base:
        assert run(base.environment, "submit", "alice") == (0, "no_known_conflict")
        yield base


@pytest.fixture(scope="session")
def met(waiting: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """The same after Dave has registered too, in conflict with her."""
    with waiting.copied(tmp_path_factory.mktemp("met")) as base:
        assert run(base.environment, "submit", "dave") == (0, "conflict")
        yield base


@pytest.fixture(scope="session")
def ended(two_agencies: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Two agencies, each with an operation far from the other's and over."""
    with two_agencies.copied(tmp_path_factory.mktemp("ended")) as base:
        assert run(base.environment, "end", "alice", "-76.6")[0] == 0
        assert run(base.environment, "end", "dave", "-80.0")[0] == 0
        yield base
