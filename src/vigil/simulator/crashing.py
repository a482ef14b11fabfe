"""The store of a node whose process may die at any of its write points, and whose search may fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from vigil.engine.operation import Operation
from vigil.protocol.memory import MemoryStore, MemoryTransaction
from vigil.protocol.store import Card, Disclosure, Found, SearchFailed

BEFORE, AFTER = "before", "after"


class Crashed(Exception):
    """The process died at a commit."""


class CrashingStore(MemoryStore):
    """Dies before or after a commit when `die_at` says so: before it nothing is kept, after it nobody hears."""

    def __init__(self, node_id: str, epoch: int, desk_phone: str) -> None:
        super().__init__(node_id, epoch)
        self.cards = _Cards(self, desk_phone)  # type: ignore[assignment]
        self.searches_fail = False
        self.on_commit: Callable[[MemoryTransaction], None] = lambda tx: None
        self._death: tuple[str, int] | None = None

    def die_at(self, where: str, commits: int) -> None:
        """Die before or after the commit that comes after so many others."""
        self._death = (where, commits)

    def live_on(self) -> None:
        """Whatever death was planned does not come."""
        self._death = None

    def transaction(self) -> MemoryTransaction:
        return _Crashing(self, self._fate())

    def given(self, tx: MemoryTransaction) -> MemoryTransaction:
        """What the node works with."""
        return cast(MemoryTransaction, _Searching(tx)) if self.searches_fail else tx

    def _fate(self) -> str | None:
        if self._death is None:
            return None
        where, commits = self._death
        if commits:
            self._death = (where, commits - 1)
            return None
        return where


class _Crashing(MemoryTransaction):
    def __init__(self, store: CrashingStore, where: str | None) -> None:
        super().__init__(store)
        self._crashes, self._where = store, where

    def __enter__(self) -> Any:
        super().__enter__()
        return self._crashes.given(self)

    def __exit__(self, failure: type[BaseException] | None, error: object, traceback: object) -> None:
        dies = self._where if failure is None and self.changes else None
        super().__exit__(Crashed if dies == BEFORE else failure, error, traceback)
        if dies == BEFORE:
            raise Crashed(BEFORE)
        if failure is None and self.changes:
            self._crashes.on_commit(self)
        if dies == AFTER:
            raise Crashed(AFTER)


class Around:
    """A transaction that does one thing otherwise."""

    def __init__(self, tx: Any) -> None:
        self._tx = tx

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tx, name)


class _Searching(Around):
    """Its search meets a record that cannot be read."""

    def matching(self, operation: Operation) -> Sequence[Found]:
        raise SearchFailed("A record could not be read.")


class _Cards:
    """What partners may be shown, with planted values: a silent operation shows the watch desk and nothing else."""

    def __init__(self, store: MemoryStore, desk_phone: str) -> None:
        self._store, self._desk_phone = store, desk_phone

    def get(self, operation_id: str, default: Card) -> Card:
        rows = self._store.rows
        revision = rows.revisions[operation_id, rows.newest[operation_id]]
        if revision.disclosure is Disclosure.SILENT:
            return Card("watch desk", "the desk", self._desk_phone)
        typed = revision.disclosure is Disclosure.TYPE_AND_CONTACT
        return Card(
            agency="agency",
            contact_name=f"contact of {operation_id}",
            contact_phone=f"phone of {operation_id}",
            operation_type=f"type of {operation_id}" if typed else "",
            plain_clothes=revision.plain_clothes,
            armed_and_dangerous=revision.armed_and_dangerous,
        )
