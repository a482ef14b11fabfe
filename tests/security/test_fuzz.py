"""Random requests after the OpenAPI document, sound and broken ones, on every route: none is an error of ours, and each
answer is one that the document knows.

They are the same at each run. For more of them: `VIGIL_TEST_CASES=1000000 pytest tests/security/test_fuzz.py`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tests.permissions.world import World, build

from vigil.config.wsgi import application

DOCUMENT = "/api/v1/openapi.json"
CASES = max(2, int(os.environ.get("VIGIL_TEST_CASES", "10000")) // 1500)
"""Requests a route and way of making them."""
WAYS = ((GenerationMode.POSITIVE, "supervisor"), (GenerationMode.NEGATIVE, "supervisor"), (GenerationMode.POSITIVE, ""))
"""Requests that keep to the document, that break it, and that come without a token."""
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
THE_SAME_EACH_TIME = settings(
    max_examples=CASES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def send(world: World, case: Any, known: bool, reader: str) -> Any:
    """The case at the running site, of which nothing stays; with `known` its address names objects that there are."""
    if known:
        ids = world.own["officer"]
        case.path_parameters = {name: str(ids[name]) for name in case.path_parameters}
        if "If-Match" in case.headers:
            case.headers["If-Match"] = '"1"'
    token = {"Authorization": f"Bearer {world.tokens[reader]}"} if reader else {}
    with transaction.atomic():
        answer = case.call(headers=token)
        transaction.set_rollback(True)
    return answer


def ask_at_random(world: World, operation: Any, mode: GenerationMode, reader: str) -> Counter[int]:
    """Ask one route in one way; how often each status was told."""
    told: Counter[int] = Counter()

    @THE_SAME_EACH_TIME
    @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
    def ask(case: Any, known: bool) -> None:
        answer = send(world, case, known, reader)
        told[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)
        assert reader or answer.status_code == 401

    ask()
    return told


@pytest.fixture
def connection_stays() -> Iterator[None]:
    """Requests through the handler of real requests leave the test's connection open, as those of a test client do."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.usefixtures("connection_stays")
@pytest.mark.slow
@pytest.mark.django_db
def test_no_request_is_an_error_of_ours_and_each_answer_is_documented(
    people: Any, token: Callable[..., str], now: datetime, record_property: Callable[[str, Any], None]
) -> None:
    world = build(people, token, now)
    operations = [one.ok() for one in schemathesis.openapi.from_wsgi(DOCUMENT, application).get_all_operations()]
    told: Counter[int] = Counter()
    for operation in operations:
        for mode, reader in WAYS:
            told += ask_at_random(world, operation, mode, reader)
    record_property("counted", f"{told.total()} fuzz cases on {len(operations)} routes")
