"""A new partner key signs when all have taken it, or the operator says so; another secret is another epoch."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from tests.apps.deconfliction.plans import plan
from tests.apps.deconfliction.test_pairing_actions import paired
from tests.protocol.test_pairing import ELM

from vigil.apps.deconfliction import actions
from vigil.apps.deconfliction.federation import epochs, key_changes
from vigil.apps.deconfliction.models import Outgoing, SearchDue
from vigil.apps.deconfliction.plan_rows import instant
from vigil.apps.deconfliction.store import DatabaseStore
from vigil.cli.main import main
from vigil.config import database
from vigil.config.keys import PARTNERS
from vigil.core.actor import Via, system
from vigil.core.errors import Conflict, Unavailable
from vigil.platform.agencies.models import this_node
from vigil.platform.partners import roster
from vigil.platform.partners.models import Partner
from vigil.protocol.nodes import key_news, read_key_news

pytestmark = pytest.mark.django_db
CONSOLE = system("console", Via.CLI)


def test_a_new_key_signs_when_all_have_taken_it(drawn_keys: Any, people: Any, now: datetime, capsys: Any) -> None:
    paired(people.actor("erin"), now)
    old = roster.signer().fingerprint
    assert main(["node", "rotate-key"]) == 0
    assert "Elm Region: has not taken it yet." in capsys.readouterr().out
    new = roster.next_signer()
    assert new is not None
    assert roster.signer().fingerprint == old, "as long as a partner does not know the new one"
    with pytest.raises(Conflict):
        key_changes.rotate(CONSOLE, now)
    with DatabaseStore().transaction() as tx:
        (row,) = tx.outgoing(instant(now))
    assert read_key_news(key_news(new, str(people.node.pk)), str(people.node.pk)) == new.public_key
    assert row.content.decode() == Outgoing.objects.get().content
    assert new.public_key.hex() in row.content.decode()
    key_changes.tell_next(now)
    assert Outgoing.objects.count() == 1, "told once"
    assert not key_changes.switch()

    key_changes.note_taken(row)
    assert (roster.signer().fingerprint, roster.next_signer()) == (new.fingerprint, None)
    assert roster.not_yet_taken() == []
    assert [file.name for file in drawn_keys.files("partner_key")] == ["partner_key.1"]


def test_an_operator_may_drop_the_old_key(drawn_keys: Any, people: Any, now: datetime, capsys: Any) -> None:
    paired(people.actor("erin"), now)
    key_changes.rotate(CONSOLE, now)
    assert main(["node", "rotate-key", "--drop-old"]) == 0
    assert "Pair again with Elm Region" in capsys.readouterr().out
    assert roster.next_signer() is None


def test_another_secret_is_another_epoch_also_when_the_command_was_killed(
    drawn_keys: Any, people: Any, now: datetime
) -> None:
    epochs.fit_secret(CONSOLE, now)
    first = this_node().epoch
    epochs.fit_secret(CONSOLE, now)
    assert this_node().epoch == first
    alice = people.actor("alice")
    operation = actions.register_operation(alice, plan(now), now)
    actions.run_due_search(alice, operation.pk, now)
    paired(people.actor("erin"), now)
    SearchDue.objects.all().delete()

    drawn_keys.draw("blinding_secret")  # killed right afterwards
    epochs.fit_secret(CONSOLE, now)
    second = this_node().epoch
    assert second != first
    assert [due.target for due in SearchDue.objects.all()] == [ELM.node_id]
    assert main(["node", "new-secret"]) == 0
    assert this_node().epoch not in (first, second)
    assert len(drawn_keys.files("blinding_secret")) == 1
    assert Partner.objects.get().state == "active"


def test_a_node_of_before_draws_its_keys_and_one_with_partners_does_not_make_up_lost_ones(
    drawn_keys: Any, people: Any, now: datetime, settings: Any
) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = settings.SECRET_KEY, []  # so that they come back afterwards

    def lose() -> None:
        for name in PARTNERS:
            for file in drawn_keys.files(name):
                file.unlink()

    lose()
    database.prepare(now)
    assert all(drawn_keys.files(name) for name in PARTNERS)
    paired(people.actor("erin"), now)
    lose()
    with pytest.raises(Unavailable, match="partner_key, blinding_secret missing"):
        database.prepare(now)
