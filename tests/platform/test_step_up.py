"""Sensitive acts ask for a fresh proof; what was sent for them is kept and sent afterwards."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from tests.apps.deconfliction.test_actions import register
from tests.conftest import NOON, app_code, give_app, make_demo, make_user, proofs

from vigil.apps.deconfliction.study.studies import begin_study
from vigil.platform import clock
from vigil.platform.accounts.models import ApiToken, LoginLock, User
from vigil.platform.audit.models import AuditRecord

pytestmark = [pytest.mark.db, pytest.mark.django_db]
LATER = NOON + timedelta(minutes=10)
JUST = LATER - timedelta(seconds=1)


@pytest.fixture
def ann(people: Any) -> Client:
    """The browser of an administrator who logged in at noon."""
    people.users["ann"] = make_user("ann", "Ann Admin", people.port_calvert, "agency_admin")
    give_app(people.users["ann"])
    client = Client()
    with clock.fixed(NOON):
        client.force_login(people.users["ann"])
    return client


def hidden(answer: Any) -> dict[str, str]:
    """The hidden fields of the page's last form."""
    form = answer.content.decode().split("<main")[1].rsplit("<form", 1)[1]
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', form)
    return {name: html.unescape(value) for name, value in found if name != "csrfmiddlewaretoken"}


def acts(people: Any) -> list[tuple[str, dict[str, str]]]:
    agency = str(people.port_calvert.pk)
    alice = f"/setup/people/{people.user('alice').pk}/"
    lock = LoginLock.objects.create(key="k", user=people.user("alice"), source="192.0.2.7", locked_at=NOON)
    return [
        (alice, {"do": "off"}),
        (alice, {"do": "reset"}),
        (alice, {"do": "again"}),
        (alice, {"do": "roles", "agency": agency, "roles": "supervisor"}),
        ("/setup/people/new/", {"full_name": "Frank", "username": "frank", "roles": "officer", "agency": agency}),
        ("/account/", {"do": "create", "token_name": "CAD", "scope": "deconfliction", "days": "30"}),
        ("/locks/", {"lock": str(lock.pk)}),
    ]


def test_a_sensitive_act_asks_again_after_ten_minutes_and_is_then_done_as_it_was_sent(people: Any, ann: Client) -> None:
    for address, sent in acts(people):
        with clock.fixed(LATER):
            asked = ann.post(address, sent)
            assert (asked.status_code, asked.headers["Location"].split("?")[0]) == (307, "/account/confirm/"), address
    with clock.fixed(LATER):
        address, sent = f"/setup/people/{people.user('alice').pk}/", {"do": "off"}
        page = ann.post(ann.post(address, sent).headers["Location"], sent)
        kept = hidden(page)
        assert (page.status_code, kept["next"]) == (200, address)
        wrong = ann.post("/account/confirm/", kept | {"code": "000000"})
        assert (wrong.status_code, hidden(wrong)) == (422, kept)
        assert User.objects.get(username="alice").is_active
        again = ann.post("/account/confirm/", kept | {"code": app_code(LATER)})
        assert hidden(again) == sent
        assert AuditRecord.objects.latest("id").verb == "accounts.session.confirm"
        assert ann.post(address, hidden(again)).status_code == 302
        assert not User.objects.get(username="alice").is_active


def test_a_file_is_taken_out_only_by_who_has_just_shown_who_they_are(people: Any) -> None:
    give_app(people.user("bob"))
    with clock.fixed(NOON):
        mine = register(people, "bob", NOON)
        study = begin_study(people.actor("bob"), {"radii_m": [500.0], "buffers_min": []}, None, "", NOON)
        bob = Client()
        bob.force_login(people.user("bob"))
    ticked = {"ticked": f"{mine.pk}:1", "do": "export", "kind": "csv"}
    files = [
        ("/operations/csv/?when=all", {}),
        ("/operations/export/kml/", {}),
        ("/operations/export/geojson/", {}),
        ("/conflicts/csv/", {}),
        ("/history/csv/", {}),
        (f"/study/{study.pk}/csv/", {}),
        ("/operations/selected/", ticked),
        ("/calendar/", {"do": "create", "which": "mine"}),
    ]
    with clock.fixed(LATER):
        for address, sent in files:
            asked = bob.post(address, sent)
            assert (asked.status_code, asked.headers["Location"].split("?")[0]) == (307, "/account/confirm/"), address
        assert not AuditRecord.objects.filter(verb__in=["deconfliction.operation.export", "deconfliction.feed.create"])
        address, sent = files[0]
        kept = hidden(bob.post(bob.post(address, sent).headers["Location"], sent))
        again = bob.post("/account/confirm/", kept | {"code": app_code(LATER)})
        assert f'action="{address}"' in again.content.decode()
        assert "What you asked for is kept" in again.content.decode()
        for address, sent in files:
            assert bob.post(address, sent).status_code == 200, address
    sizes = AuditRecord.objects.filter(verb="deconfliction.operation.export", outcome="done").values_list("size")
    assert len(sizes) == 6
    assert all(size for (size,) in sizes)


def test_what_a_purge_spares_or_takes_is_changed_only_by_who_has_just_shown_who_they_are(ann: Client) -> None:
    with clock.fixed(LATER):
        for address in ("/purge/hold/", "/setup/retention/"):
            assert ann.post(address, {"reference": "BAY-26-000001"}).status_code == 307, address
    with clock.fixed(JUST):
        assert ann.post("/purge/hold/", {"reference": "BAY-26-000001"}).status_code == 404


def test_within_ten_minutes_nobody_is_asked(people: Any, ann: Client) -> None:
    for address, sent in acts(people):
        with clock.fixed(JUST):
            assert ann.post(address, sent).status_code in (200, 302, 422), address
    assert not ApiToken.objects.exists() or ApiToken.objects.get().user == people.user("ann")


def test_reading_asks_for_nothing(people: Any, ann: Client) -> None:
    with clock.fixed(LATER):
        for address in (
            "/setup/people/",
            "/setup/people/new/",
            f"/setup/people/{people.user('alice').pk}/",
            "/account/",
        ):
            assert ann.get(address).status_code == 200, address
        assert ann.post("/setup/people/", {"q": "arden"}).status_code == 200


def test_a_new_way_to_log_in_asks_first(people: Any, ann: Client) -> None:
    with clock.fixed(LATER):
        assert ann.get("/account/login/").status_code == 200
        assert ann.get("/account/login/app/").headers["Location"] == "/account/confirm/?next=%2Faccount%2Flogin%2F"
        options = ann.get("/account/login/passkey/")
        assert (options.status_code, options.json()["first"]) == (403, "/account/confirm/?next=%2Faccount%2Flogin%2F")
        for address in ("codes", "remove", "passkey", "app"):
            assert ann.post(f"/account/login/{address}/").headers["Location"].startswith("/account/confirm/"), address
        ann.post("/account/confirm/", {"confirm": "yes", "code": app_code(LATER), "next": "/account/login/"})
        assert ann.get("/account/login/app/").status_code == 200


def test_a_demo_account_has_nothing_to_show_and_is_not_asked(people: Any, ann: Client) -> None:
    make_demo(people.users["ann"])
    session = ann.session
    with clock.fixed(NOON):
        session.update(proofs("password"))
    session.save()
    with clock.fixed(LATER):
        assert ann.post(f"/setup/people/{people.user('alice').pk}/", {"do": "off"}).status_code == 302


def test_somebody_elses_code_confirms_nothing(people: Any, ann: Client) -> None:
    from vigil.platform.accounts import factors

    with clock.fixed(LATER):
        (code, *_) = factors.draw_codes(people.actor("alice"), LATER)
        refused = ann.post("/account/confirm/", {"confirm": "yes", "code": code, "next": "/"})
        assert refused.status_code == 422
        assert ann.post(f"/setup/people/{people.user('alice').pk}/", {"do": "off"}).status_code == 307
