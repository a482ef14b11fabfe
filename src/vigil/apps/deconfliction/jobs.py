"""What happens by itself: searches that a crash left, extensions of operations that nobody has ended.

Both are safe when two workers do them at once, and both read their work from durable rows: nothing is kept in memory.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from vigil.apps.deconfliction import actions, queries
from vigil.apps.deconfliction.alarms import climbing
from vigil.apps.deconfliction.desk import screens
from vigil.apps.deconfliction.exercises import practices
from vigil.apps.deconfliction.federation import epochs, key_changes, own_news, roster_changes, rows, watching
from vigil.apps.deconfliction.imports import importing
from vigil.apps.deconfliction.led import running
from vigil.apps.deconfliction.past import purge
from vigil.apps.deconfliction.plan_rows import instant
from vigil.apps.deconfliction.plans import reminders, series
from vigil.apps.deconfliction.probing import partner_guesses, probes
from vigil.apps.deconfliction.study import past_pairs, studies
from vigil.apps.deconfliction.subjects import interests
from vigil.core.actor import system
from vigil.platform import kept_files
from vigil.platform.jobs.queue import RetryLater, at_start, job, periodic
from vigil.platform.write_ahead import empty_log
from vigil.protocol.node import AHEAD_US

log = logging.getLogger("vigil.jobs")

WORKER = system("worker")


@periodic("deconfliction.due_searches", every=timedelta(seconds=1))
def run_due_searches(now: datetime) -> None:
    """Search for every revision whose search is due: what a crash left, and what nobody waits for."""
    for operation_id in queries.due_searches(now):
        actions.run_due_search(WORKER, operation_id, now)


@periodic("deconfliction.alarms", every=timedelta(seconds=1))
def tell_again(now: datetime) -> None:
    """Tell again whom an alarm has not reached, one ladder after another; one's trouble holds up no other."""
    for ladder_id in climbing.due(now):
        try:
            climbing.climb(WORKER, ladder_id, now)
        except Exception as error:  # whatever it is, it is tried again in a second, and the others now
            log.error("alarm step failed", extra={"ladder": ladder_id, "code": type(error).__name__}, exc_info=error)


@periodic("deconfliction.desk", every=timedelta(seconds=10))
def look_after_desk(now: datetime) -> None:
    """Tell when nobody watches the desk though somebody should."""
    screens.look_after_desk(WORKER, now)


@periodic("deconfliction.practices", every=timedelta(minutes=1))
def end_forgotten_practices(now: datetime) -> None:
    """End what somebody practised and left."""
    practices.end_forgotten(WORKER, now)


@periodic("deconfliction.led_exercises", every=running.EVERY)
def release_injects(now: datetime) -> None:
    """Release what is due in led exercises, and end those that nobody has ended."""
    running.release_due(WORKER, now)


@at_start
@periodic("deconfliction.extensions", every=timedelta(seconds=30))
def extend_overdue(now: datetime) -> None:
    """Extend what nobody has ended before its end comes, and, at start-up, before anything is answered (3)."""
    if queries.anything_overdue(now + timedelta(microseconds=AHEAD_US)):
        actions.extend_overdue(WORKER, now)


@periodic("deconfliction.partner_lines", every=watching.EVERY)
def look_at_partner_lines(now: datetime) -> None:
    """Show the watch desk which partner is down."""
    watching.look_at_lines(now)


@at_start
@periodic("deconfliction.partner_keys", every=timedelta(minutes=1))
def look_after_partner_keys(now: datetime) -> None:
    """Finish what a killed command left: a secret without its epoch, a key that a partner was not told of; tell
    partners what has changed about this node, and administrators which partner does not answer.
    """
    epochs.fit_secret(WORKER, now)
    key_changes.tell_next(now)
    key_changes.switch()
    own_news.tell_news(now)
    watching.look_after(now)


@job(roster_changes.JOINS, max_attempts=None)
def let_partner_in(payload: dict[str, Any], now: datetime) -> None:
    """The next portion of what is asked of a partner before it is one."""
    if roster_changes.go_on_joining(WORKER, UUID(payload["partner"]), now):
        raise RetryLater(now)


@job(roster_changes.SAID, max_attempts=None)
def say_anew(payload: dict[str, Any], now: datetime) -> None:
    """The next portion of what is said under another roster."""
    roster_changes.say_anew(payload["roster"], payload["after"], payload["asks"], now)


@at_start
@periodic("deconfliction.purge", every=timedelta(hours=1))
def purge_what_is_due(now: datetime) -> None:
    """Remove what no longer may be kept; at start-up before anything is answered (a backup may bring it back)."""
    purge.purge(WORKER, now)


@periodic("deconfliction.leftovers", every=timedelta(hours=1))
def forget_leftovers(now: datetime) -> None:
    """Drop files that nobody imported, studies over their days, past pairs of agencies that no longer keep them, and
    what partners' operations left that can meet nothing any more.
    """
    kept_files.forget_old()
    studies.forget_old(now)
    past_pairs.forget_left()
    probes.forget_old(now)
    screens.forget_screens(now)
    rows.forget_ended(instant(now))
    empty_log()


@periodic("deconfliction.probes", every=timedelta(seconds=5))
def look_for_fishing(now: datetime) -> None:
    """Look at what new revisions ask, and put before the watch desk who seems to look for others' operations."""
    probes.note_next(WORKER, now)


@periodic("deconfliction.guesses", every=timedelta(minutes=1))
def look_for_guessing(now: datetime) -> None:
    """Put before people which partner seems to guess in what is compared blind."""
    for guessing in partner_guesses.unnoted(now):
        partner_guesses.note(WORKER, guessing, now)


@periodic("deconfliction.interests", every=timedelta(hours=1))
def remind_interests(now: datetime) -> None:
    """Remind owners of registered interests that end soon."""
    if interests.anything_ends(now):
        interests.remind_interests(WORKER, now)


@periodic("deconfliction.reminders", every=timedelta(minutes=1))
def remind(now: datetime) -> None:
    """Ask owners before the start, for the reason of an exigent operation, and before a long one ends."""
    if reminders.due(now):
        reminders.remind(WORKER, now)


@periodic("deconfliction.series", every=timedelta(minutes=1))
def finish_series(now: datetime) -> None:
    """Register the days of a series that a crash left, for whoever planned it."""
    for one in series.left_behind(now):
        series.finish(one, now)


@job(importing.JOB)
def run_import(payload: dict[str, Any], now: datetime) -> None:
    """Store a file that somebody left to be imported."""
    importing.run_waiting(UUID(payload["batch"]), now)


@job(studies.JOB)
def run_study(payload: dict[str, Any], now: datetime) -> None:
    """Count a policy study that somebody asked for."""
    studies.run_waiting(UUID(payload["study"]))
