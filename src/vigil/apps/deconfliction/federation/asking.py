"""Partners are asked: at once while somebody waits for the answer, else by the worker's lanes (specification 5).

Messages wait for their answers in threads that know no database; answers are taken in one by one, each in a transaction
of its own, by whoever asked. What is not answered stays due.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import DataError

from vigil.apps.deconfliction import actions
from vigil.apps.deconfliction.federation.exchanging import exchange
from vigil.apps.deconfliction.models import Outgoing, SearchDue
from vigil.apps.deconfliction.plan_rows import instant
from vigil.core.actor import Actor, system
from vigil.core.permissions import Role
from vigil.platform import clock
from vigil.platform.actions import action, concerns, detail
from vigil.platform.notices.board import changed
from vigil.platform.partners import client, contacts
from vigil.platform.partners.models import Partner
from vigil.platform.turns import writing
from vigil.protocol.envelope import Unsigned
from vigil.protocol.exchange import Exchange, NotAnAnswer, NotTheirs
from vigil.protocol.messages import Asked, Question
from vigil.protocol.store import Verdict

log = logging.getLogger("vigil.partners")

PATIENCE_SECONDS = contacts.LATE_MILLISECONDS / 1000
ASKER = system("partners")


@dataclass(frozen=True, slots=True)
class Came:
    """What came of one message: the bytes, or why there are none; and how long it took."""

    token: bytes
    code: str
    milliseconds: int


def search_and_ask(actor: Actor, operation_id: UUID) -> Verdict | None:
    """`actions.run_due_search`, then the partners: what may be said after both.

    None where the search could not finish.
    """
    verdict = actions.run_due_search(actor, operation_id, clock.now())
    return ask_now(operation_id) or verdict if verdict is not None and verdict.not_answered else verdict


def ask_now(
    operation_id: UUID,
    seconds: float = PATIENCE_SECONDS,
    send: client.Send = client.send,
    threads: Executor | None = None,
) -> Verdict | None:
    """Put the operation to all partners at once and take in what comes in time: the verdict after the last answer.

    None where nothing came.
    """
    asking = Asking(operation_id, seconds, send, threads)
    while asking.coming:
        asking.take(wait(asking.coming, asking.seconds_left, FIRST_COMPLETED).done)
    return asking.verdict


class Asking:
    """One operation's questions, on their way to all partners at once.

    Nobody waits for a partner that is known to fail or to be late: the worker asks it.
    """

    def __init__(
        self,
        operation_id: UUID,
        seconds: float = PATIENCE_SECONDS,
        send: client.Send = client.send,
        threads: Executor | None = None,
    ) -> None:
        self.verdict: Verdict | None = None
        """After the last answer that was taken in."""
        self._operation = str(operation_id)
        self._until = time.monotonic() + seconds
        self._send, self._threads = send, threads or client.threads()
        self._ours, self._away, self._bases = exchange(), contacts.away(), addresses()
        self._waiting: dict[Future[tuple[Asked, Came]], Question] = {}
        self._put(self._questions())

    @property
    def coming(self) -> Sequence[Future[tuple[Asked, Came]]]:
        """What has not come yet."""
        return list(self._waiting)

    @property
    def seconds_left(self) -> float:
        """How long somebody still waits."""
        return max(self._until - time.monotonic(), 0.0)

    def take(self, done: Collection[Future[tuple[Asked, Came]]]) -> None:
        """Take in what has come; nothing: the time is over, and what is left is the worker's."""
        if not done:
            contacts.late(UUID(question.due.target) for question in self._waiting.values())
            self._waiting.clear()
        for one in done:
            question = self._waiting.pop(one)
            said = take_result(self._ours, question, one)
            self.verdict = said or self.verdict
            if said is not None and question.card is None:  # asked blind: it may have met something
                again = (more for more in self._questions() if more.due.target == question.due.target)
                self._put(more for more in again if more.due.exact)

    def _questions(self) -> Sequence[Question]:
        return self._ours.questions(instant(clock.now()), self._operation)

    def _put(self, questions: Iterable[Question]) -> None:
        for question in questions:
            base = self._bases.get(question.due.target)
            if base and UUID(question.due.target) not in self._away:
                left = self.seconds_left
                self._waiting[self._threads.submit(carried, self._ours, question, base, left, self._send)] = question


def addresses() -> dict[str, str]:
    """Where each partner is reached, by node id."""
    return {str(key): base for key, base in Partner.objects.values_list("id", "base_url")}


def carried(ours: Exchange, question: Question, base_url: str, seconds: float, send: client.Send) -> tuple[Asked, Came]:
    """One question out, and what came of it. No database: it runs in a thread that has none."""
    asked = ours.asked(question, instant(clock.now()))
    return asked, sent(base_url, "query", asked.token, seconds, send)


def sent(base_url: str, kind: str, token: bytes, seconds: float, send: client.Send) -> Came:
    """A message out, and what came back."""
    began, back, code = time.monotonic(), b"", ""
    try:
        back = send(client.address_of(base_url, kind), token, seconds)
    except client.Unreached as error:
        code = error.code
    return Came(back, code, round((time.monotonic() - began) * 1000))


def take_result(ours: Exchange, question: Question, coming: Future[tuple[Asked, Came]]) -> Verdict | None:
    """Take in what came of a question that was put in a thread; a fault of ours there puts it off."""
    try:
        asked, came = coming.result()
    except Exception:
        log.exception("question not put")
        with writing():
            ours.unreachable(question.due, instant(clock.now()))
        return None
    return take(ours, asked, came)


def take(ours: Exchange, asked: Asked, came: Came) -> Verdict | None:
    """Take in what came of a question: the verdict after it, or None where it is asked again later."""
    due, now, verdict, code = asked.question.due, clock.now(), None, came.code
    if not code:
        try:
            verdict = take_answer(ASKER, ours, asked, came.token)
        except NotTheirs as error:
            code = strange(error)
    if verdict is None:
        with writing():
            ours.unreachable(due, instant(now))
    note(UUID(due.target), came, code, now, None if verdict is None else due.target in verdict.refused)
    return verdict


def strange(error: NotTheirs) -> str:
    """The code of what is no answer of the partner's: signed by another key, or anything else."""
    return contacts.OTHER_KEY if isinstance(error.__cause__, Unsigned) else "not_signed"


def note(partner_id: UUID, came: Came, code: str, now: datetime, refusing: bool | None = None) -> None:
    """Keep how the line stands, and call all that waits where the partner is back."""
    if code:
        contacts.failed(partner_id, code, now)
        log.warning("partner not reached", extra={"partner": str(partner_id), "code": code})
    elif contacts.answered(partner_id, came.milliseconds, now, refusing=refusing):
        log.warning("partner is back", extra={"partner": str(partner_id)})
        with writing():
            for rows in (SearchDue.objects.filter(target=partner_id), Outgoing.objects.filter(partner=partner_id)):
                rows.filter(attempts__gt=0, run_after__gt=now).update(run_after=now)
            changed("conflicts", roles=(Role.WATCH_DESK,), at=now)  # the desk's strip goes


@action("partners.message.send")
def take_answer(actor: Actor, ours: Exchange, asked: Asked, token: bytes) -> Verdict | None:
    """Store an answer with the conflicts that it tells of; None for what does not count.

    Raises `NotTheirs` where it is not the partner's.
    """
    question = asked.question
    concerns(partner=question.due.target, operation=question.due.operation_id, message=question.id)
    detail(size=len(token))
    try:
        return ours.accept_answer(asked, token, instant(clock.now()))
    except NotTheirs:
        raise
    except (NotAnAnswer, ValueError, DataError, OverflowError):
        return None
