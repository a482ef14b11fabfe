"""Partners come and go: only what was heard pairs, by another administrator where there is one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from tests.apps.deconfliction.plans import plan
from tests.conftest import make_agency, make_user
from tests.protocol.test_pairing import ELM, SIGNER

from vigil.apps.deconfliction import actions
from vigil.apps.deconfliction.federation import pairing
from vigil.apps.deconfliction.models import Receipt, SearchDue, Verdict
from vigil.cli.main import main
from vigil.core.actor import Actor
from vigil.core.errors import Conflict, Invalid, Refused
from vigil.platform.partners import roster
from vigil.platform.partners.models import Partner, current_roster
from vigil.protocol.pairing import Pairing, groups, read, write_code, write_file
from vigil.protocol.signing import Signer

pytestmark = pytest.mark.django_db

HEARD = " ".join(groups(ELM.fingerprint))


def file_of(signer: Signer = SIGNER, **changes: Any) -> bytes:
    told: Pairing = replace(ELM, key=signer.public_key, **changes)
    return write_file(told, signer)


def paired(actor: Actor, now: datetime) -> Partner:
    row = pairing.take_in(actor, file_of(), "live", now)
    return pairing.add(actor, row.pk, HEARD, now)


@pytest.mark.db
def test_what_was_heard_pairs_and_everything_active_is_asked(people: Any, now: datetime) -> None:
    erin, alice = people.actor("erin"), people.actor("alice")
    seat = {"latitude": 39.2904, "longitude": -76.6122, "is_served": False}
    for ori, name in (("MD0000300", "Elm Police"), ("MD0000400", "Oak Police")):
        make_agency(ori, name, "", **seat)
    operation = actions.register_operation(alice, plan(now), now)
    assert actions.run_due_search(alice, operation.pk, now).determination == "no_known_conflict"

    row = pairing.take_in(erin, file_of(), "live", now)
    assert (row.state, current_roster().number, SearchDue.objects.count()) == ("invited", 0, 0)
    with pytest.raises(Invalid, match="not the fingerprint"):
        pairing.add(erin, row.pk, HEARD[:-1] + ("0" if HEARD[-1] != "0" else "1"), now)
    assert not current_roster().members
    pairing.add(erin, row.pk, HEARD, now)
    assert current_roster().members == [ELM.node_id]
    assert [due.target for due in SearchDue.objects.all()] == [ELM.node_id]
    verdict = Verdict.objects.get(operation=operation)
    assert (verdict.determination, verdict.not_answered) == ("incomplete", [ELM.node_id])
    said = bytes(Receipt.objects.order_by("-number")[0].body)
    assert (b"Elm Police" in said, b"Oak Police" in said) == (False, True), "a partner serves the one, nobody the other"
    partner = Partner.objects.get()
    assert (partner.base_url, partner.watch_desk_phone, partner.proposed) == (ELM.address, ELM.desk_phone, "")
    assert partner.known_key == roster.signer().fingerprint != roster.mark_of(partner) == ELM.fingerprint

    # The removal stands on the next receipt.
    pairing.propose_removal(erin, row.pk, "The region was dissolved.", now)
    assert current_roster().members == [ELM.node_id]
    pairing.remove(erin, row.pk, now)
    assert not current_roster().members
    assert not SearchDue.objects.exists()
    newest = Receipt.objects.order_by("-number")[0]
    assert b'"coverage":"not covered"' in bytes(newest.body)
    assert ELM.name.encode() in bytes(newest.body)
    with pytest.raises(Conflict):
        pairing.remove(erin, row.pk, now)


@pytest.mark.db
def test_a_partner_that_is_asked_blind_from_now_on_is_asked_everything_again(people: Any, now: datetime) -> None:
    erin, alice = people.actor("erin"), people.actor("alice")
    row = paired(erin, now)
    operation = actions.register_operation(alice, plan(now), now)
    actions.run_due_search(alice, operation.pk, now)
    SearchDue.objects.all().delete()  # it has answered
    for blind in (True, False):
        before = current_roster().number
        pairing.set_blind(erin, row.pk, blind, now)
        assert Partner.objects.get().is_blind is blind
        assert [due.target for due in SearchDue.objects.all()] == [ELM.node_id]
        SearchDue.objects.all().delete()
        pairing.set_blind(erin, row.pk, blind, now)
        assert (current_roster().number, SearchDue.objects.count()) == (before + 1, 0)
    with pytest.raises(Refused):
        pairing.set_blind(alice, row.pk, True, now)
    assert main(["node", "blind", ELM.name, "on"]) == 0
    assert Partner.objects.get().is_blind


def test_where_there_is_another_administrator_the_second_step_is_theirs(people: Any, now: datetime) -> None:
    from vigil.platform.accounts.access import actor_of_user

    erin = people.actor("erin")
    second = actor_of_user(make_user("nate", "Nate Nolan", people.port_calvert, "node_admin"))
    assert second is not None
    row = pairing.take_in(erin, file_of(), "live", now)
    with pytest.raises(Invalid, match="another administrator"):
        pairing.add(erin, row.pk, HEARD, now)
    pairing.add(second, row.pk, HEARD, now)
    pairing.propose_removal(second, row.pk, "Moved.", now)
    with pytest.raises(Invalid, match="another administrator"):
        pairing.remove(second, row.pk, now)
    pairing.withdraw(second, row.pk)
    assert current_roster().members == [ELM.node_id]
    for name in ("alice", "carol"):
        with pytest.raises(Refused):
            pairing.take_in(people.actor(name), file_of(), "live", now)


def test_a_newer_file_of_a_known_key_counts_at_once_and_another_key_must_be_heard(people: Any, now: datetime) -> None:
    erin = people.actor("erin")
    row = paired(erin, now)
    moved = pairing.take_in(erin, file_of(address="https://new.elm.example", made_at=ELM.made_at + 1), "live", now)
    assert (moved.base_url, moved.proposed) == ("https://new.elm.example", "")
    with pytest.raises(Invalid, match="newer pairing file"):
        pairing.take_in(erin, file_of(), "live", now)
    other = Signer.from_seed(b"F" * 32)
    proposed = pairing.take_in(erin, file_of(other, made_at=ELM.made_at + 2), "live", now)
    assert (proposed.proposed, bytes(proposed.public_key)) == ("pairing", SIGNER.public_key)
    with pytest.raises(Invalid, match="not the fingerprint"):
        pairing.add(erin, row.pk, HEARD, now)
    pairing.add(erin, row.pk, " ".join(groups(other.fingerprint)), now)
    row.refresh_from_db()
    assert (bytes(row.public_key), row.state) == (other.public_key, "active")
    assert current_roster().members == [ELM.node_id]


@pytest.mark.parametrize(
    ("changes", "purpose", "told"),
    [
        ({"desk_phone": ""}, "live", "no telephone"),
        ({"versions": (9,)}, "live", "no version"),
        ({"predicates": ("p9",)}, "live", "no version"),
        ({"name": "Bay Region"}, "live", "named Bay Region already"),
        ({"address": "http://vigil.elm.example"}, "live", "https://"),
        ({}, "rehearsal", "live, or tests only"),
    ],
)
def test_a_node_that_cannot_be_a_partner_is_refused_in_words(
    people: Any, now: datetime, changes: dict[str, Any], purpose: str, told: str
) -> None:
    with pytest.raises(Invalid, match=told):
        pairing.take_in(people.actor("erin"), file_of(**changes), purpose, now)
    assert not Partner.objects.exists()


def test_a_node_is_not_its_own_partner(people: Any, now: datetime) -> None:
    with pytest.raises(Invalid, match="own pairing file"):
        pairing.take_in(people.actor("erin"), roster.own_file(now), "test", now)


@pytest.mark.slow
def test_two_nodes_are_paired_on_the_pages(login: Any, people: Any, now: datetime) -> None:
    client = login("erin")
    page = client.get("/partners/").content.decode()
    assert "No partner yet" in page
    assert all(f"<code>{group}</code>" in page for group in groups(roster.signer().fingerprint))
    assert "leads to no other machine" in page
    empty = client.post("/partners/", {"do": "address", "address": " "})
    assert (empty.status_code, "without one nobody is reached" in empty.content.decode()) == (422, True)
    client.post("/partners/", {"do": "address", "address": "https://bay.example"})
    assert "leads to no other machine" not in client.get("/partners/").content.decode()
    told = read(client.get("/partners/pairing-file/").content)
    assert (told.node_id, told.name, told.desk_phone) == (str(people.node.pk), "Bay Region", "+14105550199")
    assert client.get("/partners/pairing-code.svg").content.startswith(b"<?xml")

    sent = client.post("/partners/", {"do": "take_in", "purpose": "live", "code": "VIGILPAIR1:NO"})
    assert sent.status_code == 422
    assert "VIGILPAIR1:NO" in sent.content.decode(), "nothing typed is lost"
    code = write_code(ELM, SIGNER)
    sent = client.post("/partners/", {"do": "take_in", "purpose": "live", "code": code})
    address = sent["Location"]
    empty = client.post(address, {"do": "add", "heard": " "}).content.decode()
    assert "Type the eight groups" in empty
    heard = client.post(address, {"do": "add", "heard": "1234 5678"})
    assert (heard.status_code, "1234 5678" in heard.content.decode()) == (422, True)
    assert client.post(address, {"do": "add", "heard": HEARD}).status_code == 302
    assert current_roster().members == [ELM.node_id]
    assert client.post(address, {"do": "move", "address": "http://elm.example"}).status_code == 422
    client.post(address, {"do": "move", "address": "https://moved.elm.example/"})
    assert Partner.objects.get().base_url == "https://moved.elm.example"
    assert client.post(address, {"do": "propose_removal", "reason": " "}).status_code == 422
    sent = client.post(address, {"do": "propose_removal", "reason": "The region was dissolved."}, follow=True)
    assert "Removal is proposed" in sent.content.decode()
    client.post(address, {"do": "remove"})
    assert not current_roster().members

    client = login("alice")
    assert ELM.name not in client.get("/partners/").content.decode()
    assert client.get(address).status_code == 200
    assert client.post(address, {"do": "withdraw"}).status_code == 403
