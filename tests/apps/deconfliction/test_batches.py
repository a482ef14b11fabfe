"""A batch does what single transactions do: the same random histories, the same answers."""

from __future__ import annotations

from uuid import UUID

import pytest
from tests.protocol.trace import AGENCY, NORTH, run_trace

from vigil.apps.deconfliction.batches import BatchStore
from vigil.platform.agencies.models import Agency, Node
from vigil.protocol.memory import MemoryStore

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
BOTH = pytest.mark.db


@BOTH
def test_what_is_read_in_parts_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vigil.apps.deconfliction.batches.PART", 2)
    test_memory_and_batches_answer_alike(0)


@pytest.mark.parametrize("seed", [0, pytest.param(3, marks=BOTH)])
def test_memory_and_batches_answer_alike(seed: int) -> None:
    Node.objects.create(id=UUID(NORTH), name="North", code="NOR", epoch=1, sequence=0)
    Agency.objects.create(id=UUID(AGENCY), ori="MD0000100", name="Port Calvert Police Department")
    in_memory, in_batches = run_trace(MemoryStore(NORTH), seed), run_trace(BatchStore(), seed, check_every=10)
    assert in_batches.outputs == in_memory.outputs
    assert in_batches.states == in_memory.states
