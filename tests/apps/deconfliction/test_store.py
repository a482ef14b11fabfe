"""The database store does what the store in memory does: the same random histories, the same answers."""

from __future__ import annotations

from uuid import UUID

import pytest
from tests.protocol.trace import AGENCY, NORTH, run_trace

from vigil.apps.deconfliction.store import DatabaseStore
from vigil.platform.agencies.models import Agency, Node
from vigil.protocol.memory import MemoryStore

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
BOTH = pytest.mark.db


@pytest.mark.parametrize("seed", [pytest.param(0, marks=BOTH), pytest.param(1, marks=BOTH), 3])
def test_memory_and_database_answer_alike(seed: int) -> None:
    Node.objects.create(id=UUID(NORTH), name="North", code="NOR", epoch=1, sequence=0)
    Agency.objects.create(id=UUID(AGENCY), ori="MD0000100", name="Port Calvert Police Department")
    in_memory, in_database = run_trace(MemoryStore(NORTH), seed), run_trace(DatabaseStore(), seed, check_every=10)
    assert in_database.outputs == in_memory.outputs
    assert in_database.states == in_memory.states
