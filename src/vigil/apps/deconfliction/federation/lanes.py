"""The worker's lanes: one thread a partner puts to it whatever is due, so that a slow partner delays no other.

What is told (alarms) goes before what is asked, and what a partner takes badly holds up nothing else. A partner that
does not answer is tried with one message at a time, told and asked in turn, each after 5 s, doubled, at most 60 s; the
first answer calls all that waits. Nothing is kept in memory: a lane that dies begins anew from the rows.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime, timedelta
from uuid import UUID

from django.db import DataError, close_old_connections
from django.db.models import Exists, OuterRef

from vigil.apps.deconfliction.federation import key_changes
from vigil.apps.deconfliction.federation.asking import ASKER, Came, carried, note, sent, strange, take_result
from vigil.apps.deconfliction.federation.exchanging import exchange
from vigil.apps.deconfliction.federation.rows import not_over
from vigil.apps.deconfliction.models import SearchDue
from vigil.apps.deconfliction.plan_rows import instant
from vigil.core.actor import Actor
from vigil.platform import clock
from vigil.platform.actions import action, concerns, detail
from vigil.platform.partners import client, contacts
from vigil.platform.partners.client import WHOLE_SECONDS
from vigil.platform.partners.models import Contact, Partner, current_roster
from vigil.platform.turns import writing
from vigil.protocol.canonical import JSON
from vigil.protocol.exchange import Exchange, Letter, NotAnAnswer, NotTheirs, Refused

log = logging.getLogger("vigil.partners")

IDLE_SECONDS = 0.5
ROSTER_SECONDS = 2.0
AT_ONCE = 8
"""Messages to one partner on their way at the same time."""
HEALTH_EVERY = timedelta(seconds=30)
LATE_EVERY = timedelta(seconds=5)
"""A partner that nobody waits for, because its last answer came late, is soon looked at again."""
CAPABILITIES_EVERY = timedelta(hours=1)
LEFT_TO_THE_PAGE = timedelta(seconds=2)
"""A new question is put by whoever waits for its answer; what is older than this, by the lane."""


class Lane:
    """What one partner is told and asked. `send`, `now` and `threads` are handed in, so that a test drives them."""

    def __init__(
        self,
        partner_id: UUID,
        send: client.Send = client.send,
        now: Callable[[], datetime] = clock.now,
        threads: Executor | None = None,
    ) -> None:
        self.partner_id = partner_id
        self.now = now
        self._send = send
        self._threads = threads

    def round(self) -> bool:
        """Send the first of what is due; whether more may be."""
        now, contact = self.now(), contacts.contact_of(self.partner_id)
        if contact.retry_at and now < contact.retry_at <= now + contacts.LONGEST_RETRY:
            return False
        if contact.failing_since:
            self._forget_over(now)
        ours, most = exchange(), 1 if contact.failing_since else AT_ONCE
        steps = [self._tell, self._ask]
        for step in reversed(steps) if contact.failures % 2 else steps:
            all_taken = step(ours, now, most)
            if all_taken or contacts.contact_of(self.partner_id).failures > contact.failures:
                return bool(all_taken)
        kind = _wanted(contact, now)
        return bool(kind) and self._ask_about(ours, kind) and contact.failing_since is not None

    def _forget_over(self, now: datetime) -> None:
        """Nobody asks about what is over; the purge waits for no partner that is away for good (specification 7)."""
        with writing():
            active = not_over(now).filter(pk=OuterRef("operation"))
            SearchDue.objects.filter(~Exists(active), target=self.partner_id).delete()

    def _tell(self, ours: Exchange, now: datetime, most: int) -> bool | None:
        """Whether all was taken; None where there is nothing to tell."""
        letters = ours.letters(instant(now), str(self.partner_id), most)
        if not letters:
            return None
        base = self._base()
        coming = [self._pool.submit(sent, base, one.kind, one.token, WHOLE_SECONDS, self._send) for one in letters]
        took = [self._took(ours, letter, one.result()) for letter, one in zip(letters, coming, strict=True)]
        return all(one is not None for one in took)

    def _ask(self, ours: Exchange, now: datetime, most: int) -> bool | None:
        """Whether all was answered; None where there is nothing to ask."""
        questions = ours.questions(instant(now - LEFT_TO_THE_PAGE), partner=str(self.partner_id), most=most)
        if not questions:
            return None
        base = self._base()
        coming = [self._pool.submit(carried, ours, one, base, WHOLE_SECONDS, self._send) for one in questions]
        took = [take_result(ours, question, one) for question, one in zip(questions, coming, strict=True)]
        return all(one is not None for one in took)

    def _ask_about(self, ours: Exchange, kind: str) -> bool:
        """Ask the partner about itself; most of all whether it answers."""
        letter = ours.letter(str(self.partner_id), kind, {}, instant(self.now()))
        said = self._took(ours, letter, sent(self._base(), kind, letter.token, WHOLE_SECONDS, self._send))
        if kind == "capabilities" and not contacts.contact_of(self.partner_id).failing_since:
            contacts.told(self.partner_id, said or {}, self.now())
        return said is not None

    def _took(self, ours: Exchange, letter: Letter, came: Came) -> JSON | None:
        """What the partner said to a letter; None where it is sent again later."""
        now, said, code = self.now(), None, came.code
        if not code:
            try:
                said, code = take_receipt(ASKER, ours, letter, came.token)
            except NotTheirs as error:
                code = strange(error)
        if said is None:
            with writing():
                ours.untaken(letter, instant(now))
        elif letter.outgoing and letter.kind == key_changes.KIND:
            key_changes.note_taken(letter.outgoing)
        if letter.outgoing and _refuses(code):
            extra = {"partner": str(self.partner_id), "kind": letter.kind, "code": code}
            log.warning("partner refuses a kind of message", extra=extra)
        else:
            note(self.partner_id, came, code, now)
        return said

    @property
    def _pool(self) -> Executor:
        return self._threads or client.threads()

    def _base(self) -> str:
        return Partner.objects.values_list("base_url", flat=True).get(pk=self.partner_id)


def _refuses(code: str) -> bool:
    """Whether somebody answered, and not with what a partner says. It may be this kind of message that is refused:
    whether the line is down show a question and the partner's health.
    """
    return code in ("not_signed", contacts.REFUSED, contacts.OTHER_KEY) or code.startswith("status_4")


def _wanted(contact: Contact, now: datetime) -> str:
    """What a partner is asked about itself now: what it can do, whether it is there, or nothing."""
    if contact.told_at is None or not now - CAPABILITIES_EVERY < contact.told_at <= now:
        return "capabilities"
    every = HEALTH_EVERY if contact.milliseconds < contacts.LATE_MILLISECONDS else LATE_EVERY
    heard = contact.answered_at is not None and now - every < contact.answered_at <= now
    return "" if heard and contact.failing_since is None else "health"


@action("partners.message.send")
def take_receipt(actor: Actor, ours: Exchange, letter: Letter, token: bytes) -> tuple[JSON | None, str]:
    """What the partner answered to a letter, None where it did not take it; and a code where it takes none of ours.

    Raises `NotTheirs`.
    """
    concerns(partner=letter.partner, message=letter.id)
    detail(size=len(token))
    try:
        return ours.taken(letter, token, instant(clock.now())), ""
    except NotTheirs:
        raise
    except Refused:
        return None, contacts.REFUSED
    except (NotAnAnswer, ValueError, DataError, OverflowError):
        return None, ""


class Lanes:
    """One lane for each partner on the roster, until `stop` is set."""

    def __init__(self, stop: threading.Event) -> None:
        self.stop = stop
        self._running: dict[UUID, threading.Thread] = {}

    def run_forever(self) -> None:
        """Begin a lane for whoever has joined; what is in hand is finished at the end."""
        while not self.stop.is_set():
            try:
                for partner_id in on_roster():
                    self._keep(partner_id)
            except Exception:  # the database may be away for a while; the lanes stay
                log.exception("lanes round failed")
            close_old_connections()
            self.stop.wait(ROSTER_SECONDS)
        for thread in self._running.values():
            thread.join()

    def _keep(self, partner_id: UUID) -> None:
        known = self._running.get(partner_id)
        if known is None or not known.is_alive():
            thread = threading.Thread(
                target=self._run, args=(Lane(partner_id),), name=f"lane-{partner_id}", daemon=True
            )
            self._running[partner_id] = thread
            thread.start()

    def _run(self, lane: Lane) -> None:
        while not self.stop.is_set() and lane.partner_id in on_roster():
            try:
                busy = lane.round()
            except Exception:
                log.exception("lane round failed", extra={"partner": str(lane.partner_id)})
                busy = False
            if not busy:
                close_old_connections()
                self.stop.wait(IDLE_SECONDS)


def on_roster() -> frozenset[UUID]:
    """The partners that are asked and told."""
    return frozenset(UUID(member) for member in current_roster().members)
