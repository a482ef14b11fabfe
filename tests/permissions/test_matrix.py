"""Every address and API operation × every reader × own, private, other's and missing object: as in the table."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from tests.permissions import table
from tests.permissions.table import OBJECTS
from tests.permissions.world import PARAMETER, World, build, names_object, objects_of, shapes, sign, words
from tests.security import headers

from vigil.api.server import api
from vigil.config.folders import BASE_DIR
from vigil.core.permissions import PERMISSIONS
from vigil.platform.doors import addresses
from vigil.web import errors, navigation

PAGE_VERBS = ("GET", "POST")
OPEN = {"live/stream": "asynchronous: tests/platform/test_live.py asks it as everybody", "texts.js": "words"}
"""Addresses that are no cells, and why."""


def page_addresses() -> list[str]:
    return [one for one, _ in addresses() if not one.startswith("api/") and one not in OPEN]


def api_operations() -> Iterator[tuple[str, str]]:
    for path, operations in api.get_openapi_schema()["paths"].items():
        for verb in operations:
            address = path.lstrip("/").replace("{", "<").replace("}", ">")
            yield verb.upper(), address


@pytest.fixture
def world(people: Any, token: Callable[..., str], now: datetime, monkeypatch: pytest.MonkeyPatch) -> World:
    whole = errors.page

    def page(request: HttpRequest, status: int, sentence: str = "") -> HttpResponse:
        # A refusal by role comes before any object is looked at; its page need not be drawn 1,500 times.
        return HttpResponse(sentence, status=403) if status == 403 else whole(request, status, sentence)

    monkeypatch.setattr(errors, "page", page)
    # What waits is the same whatever the address is about; it need not be counted on 1,600 pages.
    monkeypatch.setattr(navigation, "_entries", [replace(entry, badge=None) for entry in navigation._entries])
    return build(people, token, now)


class Walk:
    """Asks cell by cell, and holds what is hidden against what is missing."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.cells = self.pairs = 0
        self.seen = seen_at("operations/<uuid:operation_id>/")
        self.conflict_seen = seen_at("conflicts/<uuid:conflict_id>/")
        self.told_apart: list[tuple[str, ...]] = []
        self.bare: set[tuple[str, ...]] = set()
        self.rehearsals: list[tuple[str, ...]] = []

    def line(self, verb: str, address: str) -> table.Line:
        """What each reader gets."""
        return table.Line(verb, address, {reader: self.signs(reader, verb, address) for reader in table.READERS})

    def signs(self, reader: str, verb: str, address: str) -> str:
        """One reader's signs; whatever looks like the missing object must do so to the letter and to the query."""
        found: dict[str, tuple[str, str, list[str]]] = {}
        signs = ""
        for of in objects_of(address):
            ids = self.world.ids(reader, of, address)
            if ids is None:
                signs += "."
                continue
            answer, asked = shapes(partial(self.world.ask, reader, verb, address, ids))
            signs += sign(answer)
            self.bare |= {(verb, address, fault) for fault in headers.faults(answer)}
            if address != OWN_ALONE and is_rehearsal(asked):
                self.rehearsals.append((verb, address, reader, of))
            if of != "own":
                found[of] = signs[-1], words(answer, ids), asked
        self.cells += len(signs.replace(".", ""))
        for of, seen in found.items():
            if of == "missing" or seen[0] != found["missing"][0] or self.may_tell(reader, address, of, seen[0]):
                continue
            self.pairs += 1
            differs = [what for what, one, other in zip(WHAT, seen, found["missing"], strict=True) if one != other]
            self.told_apart += [(verb, address, reader, of, what) for what in differs]
        return signs

    def may_tell(self, reader: str, address: str, of: str, signed: str) -> bool:
        """Whether the answer was allowed to the reader because the object is one to see, not because all are alike; and
        of a conflict that is seen on its page, whatever an address about it answers.
        """
        index = OBJECTS.index(of)
        if "conflict_id>" in address and self.conflict_seen[reader][index] == "+":
            return True
        return signed == "+" and (self.seen[reader][index] == "+" or address not in ANSWERED)


def seen_at(address: str) -> dict[str, str]:
    """What each reader gets on the page of an object, one sign an object."""
    page = next(line for line in table.lines() if (line.verb, line.address) == ("GET", address))
    return page.signs | {table.GLASS: table.glass_lines()[page.verb, page.address]}


BLANK = {("GET", "desk/form/")}
"""Files in which nothing stands yet: nobody need know who printed one."""
OWN_ALONE = "find/"
"""Looks for a subject among the operations that its reader sees: what is there of others changes nothing, which
tests/apps/deconfliction/test_no_rehearsal.py holds against one another."""


def is_rehearsal(asked: Collection[str]) -> bool:
    """Whether other agencies' places or subjects were searched without a search being written down, which tells them
    (specification, section 7).
    """
    tables = ("deconfliction_activesite site", "deconfliction_activesubject")
    naming = [sql for sql in asked if tables[0] in sql or tables[1] in sql]
    searched = any(not sql.startswith(("INSERT", "DELETE")) for sql in naming)
    return searched and not any(sql.startswith("INSERT") and "deconfliction_verdict" in sql for sql in asked)


WHAT = ("sign", "words", "queries")
ANSWERED = ("find/", "operations/selected/", "operations/draft/", "operations/register/")
"""Pages that answer all the same where an object named in the form is hidden or missing."""


@pytest.mark.slow
@pytest.mark.long
def test_every_cell_is_as_the_table_says_and_hidden_is_like_missing(
    world: World, record_property: Callable[[str, Any], None]
) -> None:
    walk = Walk(world)
    known = {(line.verb, line.address): line for line in table.lines()}
    new = [key for key in api_operations() if key not in known]
    seen = [walk.line(*key) for key in (*known, *new)]
    for verb, address in unlisted_pages(known):
        # What takes one verb only answers the other with 405 to whoever gets past its door.
        signs = {reader: walk.signs(reader, verb, address) for reader in inside(known, address)}
        if set("".join(signs.values())) - {"x", ".", "-"}:
            seen.append(walk.line(verb, address))
    opened = {key: walk.signs(table.GLASS, *key) for key in known if not key[1].startswith("api/")}
    glass = {key: signs for key, signs in opened.items() if signs != known[key].signs["agency_admin"]}
    assert glass == table.glass_lines(), "not as tests/permissions/glass.txt; seen:\n" + "\n".join(
        f"{verb:<4} {address} {signs}" for (verb, address), signs in glass.items()
    )
    wrong = [str(line) for line in seen if known.get((line.verb, line.address)) != line]
    assert not wrong, "not as the table; seen (after reading, mend the code or the table):\n" + "\n".join(wrong)
    assert walk.told_apart == []
    assert walk.bare == set(), "answers without their headers"
    assert walk.rehearsals == []
    assert world.unrecorded == BLANK, "a file was handed out and its bytes are not in the trail"
    assert len(world.files) >= 11
    record_property("counted", f"{walk.cells} cells of the permission matrix")
    record_property("counted", f"{walk.pairs} pairs of a hidden and a missing object, alike in words and queries")


def unlisted_pages(known: Collection[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for address in page_addresses():
        yield from ((verb, address) for verb in PAGE_VERBS if (verb, address) not in known)


def inside(known: dict[tuple[str, str], table.Line], address: str) -> list[str]:
    """The first who gets past the door of a listed page; every role where none is listed."""
    signs = next((line.signs for (_, one), line in known.items() if one == address), {})
    return [role.value for role in table.ROLES if "+" in signs.get(role.value, "")][:1] or [*table.ROLES]


@pytest.mark.slow
def test_the_table_names_every_address_and_nothing_else() -> None:
    named = {line.address for line in table.lines()}
    assert named == {*page_addresses(), *(address for _, address in api_operations())}
    assert len(named) > 100


def test_the_documentation_shows_the_table() -> None:
    assert (BASE_DIR / "docs" / "security" / "permissions.md").read_text(encoding="utf-8") == table.page()


def test_every_sign_of_the_table_means_something() -> None:
    for line in table.lines():
        for reader, signs in line.signs.items():
            assert set(signs) <= set(table.SIGNS), (line, reader)
            assert len(signs) == (4 if names_object(line.address) else 1), (line, reader)
            assert bool(PARAMETER.search(line.address)) <= names_object(line.address)


def test_a_declared_permission_and_the_table_agree() -> None:
    """Whoever lacks the declared permission is refused at each object; what is sent there may need more than that."""
    declared = {address: view.vigil_permission for address, view in addresses() if not address.startswith("api/")}
    keys = ("calendar/<", "near-miss/feed/<", "delivery/callback/", "federation/")
    for line in table.lines():
        permission = declared.get(line.address, "public")
        if permission == "public" or line.address.startswith(keys):
            continue  # a feed's address is its key, the gateway's and a partner's its signature
        for role in table.ROLES:
            refused = set(line.signs[role.value]) <= {"-", "."}
            assert refused or role in PERMISSIONS[permission], (line, role)
            assert not refused or role not in PERMISSIONS[permission] or line.verb == "POST", (line, role)
