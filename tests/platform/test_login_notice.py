"""What stands before each login: the four statements of AC-8, or the node's own text."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from vigil.platform.agencies.models import Node
from vigil.platform.agencies.notice import SHIPPED

pytestmark = [pytest.mark.db, pytest.mark.django_db]
NODE = {"name": "Bay Region", "region": "MD"}


def shown() -> str:
    return Client().get("/login/").content.decode()


def test_the_login_page_has_the_four_statements_and_says_that_logging_in_agrees(people: Any) -> None:
    page = shown()
    for statement in ("restricted information system", "monitored, recorded", "prohibited", "you agree to this"):
        assert statement in page
    assert page.index("restricted information system") < page.index('name="password"')
    assert "Agree and log in" in page


def test_a_node_has_its_own_text_and_an_empty_one_is_the_shipped(login: Any, people: Any, now: Any) -> None:
    client = login("erin")
    assert str(SHIPPED) in client.get("/setup/node/").content.decode()
    client.post("/setup/node/", NODE | {"notice": "Own text.\nSecond <line>."})
    assert "Own text.<br>Second &lt;line&gt;." in shown()
    assert "restricted information system" not in shown()
    client.post("/setup/node/", NODE | {"notice": "  "})
    assert "restricted information system" in shown()
    client.post("/setup/node/", NODE | {"notice": str(SHIPPED)})
    assert Node.objects.get().notice == "", "the shipped text follows its translation"


def test_a_text_that_is_too_long_is_refused_and_kept(login: Any, people: Any, now: Any) -> None:
    answer = login("erin").post("/setup/node/", NODE | {"notice": "x" * 2001})
    assert answer.status_code == 422
    assert "x" * 2001 in answer.content.decode()
    assert "notice-error" in answer.content.decode()
    assert Node.objects.get().notice == ""
