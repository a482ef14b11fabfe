"""How many published lessons say the same, for who is about to send a near miss: written into the drop.

The numbers are those of the patterns by kind of call and time of day, and hidden where the patterns hide them. They
change when a quarter is over and five lessons or more of a kind are new, so that nobody sees one being published.
"""

from __future__ import annotations

from vigil.apps.near_miss import access
from vigil.apps.near_miss.learning import queries
from vigil.apps.near_miss.learning.batches import COUNTER
from vigil.apps.near_miss.learning.rules import Board
from vigil.apps.near_miss.queries import CALL_TYPES
from vigil.core.actor import Actor
from vigil.core.privacy.suppression import K
from vigil.door import drop
from vigil.door.fields import TIME_BANDS
from vigil.platform.actions import action, detail

Counts = dict[tuple[str, str], int]


def tell_door() -> None:
    """Bring the counts at the door up to date, where there is one. Safe to repeat."""
    if access.the_door() is None:
        return
    counts = of_board(queries.board(COUNTER))
    if counts != drop.sharing():
        _write(COUNTER, counts)


@action("near_miss.sharing.write")
def _write(actor: Actor, counts: Counts) -> None:
    drop.say_sharing(counts)
    detail(count=len(counts))


def of_board(board: Board) -> Counts:
    """Lessons by kind of call and time of day: those of `K` and more that the patterns show."""
    shown = {
        (call, band): board.number("time_band", band, call) or 0
        for call in CALL_TYPES
        if call in board.groups
        for band in TIME_BANDS
    }
    return {said: n for said, n in shown.items() if n >= K}
