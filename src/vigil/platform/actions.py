"""Actions: the one way to write. Permission, transaction and audit are had by construction.

@action("deconfliction.operation.register")
def register_operation(actor: Actor, draft: Draft) -> Operation:
    ...
    concerns(operation=operation.id)
    return operation
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Concatenate, ParamSpec, TypeVar

from vigil.core.actor import Actor
from vigil.core.errors import Conflict, NotFound, Refused
from vigil.core.permissions import PERMISSIONS
from vigil.platform.audit.trail import record
from vigil.platform.turns import writing

P = ParamSpec("P")
R = TypeVar("R")

_concerned: ContextVar[dict[str, Any] | None] = ContextVar("concerned", default=None)
_together: ContextVar[list[Callable[[Mapping[str, Any]], None]] | None] = ContextVar("together", default=None)
_details: ContextVar[dict[str, Any] | None] = ContextVar("details", default=None)


def concerns(**ids: Any) -> None:
    """Name the objects that the running action is about; they go into its audit record. Ids only, or lists of ids."""
    _into(_concerned, {noun: _text(value) for noun, value in ids.items()})


def _text(value: Any) -> str | list[str]:
    return [str(one) for one in value] if isinstance(value, list | tuple | set | frozenset) else str(value)


def detail(**values: Any) -> None:
    """Add to what the audit record keeps a digest of; `size`, bytes of a file taken in or out, is kept itself."""
    _into(_details, values)


@contextmanager
def together_with(write: Callable[[Mapping[str, Any]], None]) -> Iterator[None]:
    """The next action calls `write(its object ids)` inside its own transaction, once: both commit or neither."""
    token = _together.set([write])
    try:
        yield
    finally:
        _together.reset(token)


def _into(holder: ContextVar[dict[str, Any] | None], values: dict[str, Any]) -> None:
    held = holder.get()
    if held is None:
        raise RuntimeError("concerns() and detail() belong inside an @action")
    held.update(values)


def _take_together() -> list[Callable[[Mapping[str, Any]], None]]:
    waiting = _together.get() or []
    taken = list(waiting)
    waiting.clear()
    return taken


def action(permission: str) -> Callable[[Callable[Concatenate[Actor, P], R]], Callable[Concatenate[Actor, P], R]]:
    """Make `function(actor, ...)` an action: refused without the permission, run in one transaction with its audit
    record, which is named like the permission.

    A refusal, a missing object and a stale revision are recorded too, after the transaction was rolled back.
    """
    if permission not in PERMISSIONS:
        raise LookupError(f"{permission} is not in the table of core/permissions.py")

    def decorate(function: Callable[Concatenate[Actor, P], R]) -> Callable[Concatenate[Actor, P], R]:
        @functools.wraps(function)
        def run(actor: Actor, /, *args: P.args, **kwargs: P.kwargs) -> R:
            held: dict[str, Any] = {}
            details: dict[str, Any] = {}
            tokens = _concerned.set(held), _details.set(details)
            try:
                actor.require(permission)
                with writing():
                    result = function(actor, *args, **kwargs)
                    record(actor, permission, held, details=details, size=details.pop("size", None))
                    for write in _take_together():
                        write(held)
                return result
            except (Refused, NotFound, Conflict) as error:
                record(actor, permission, held, outcome=error.code, details=details)
                error.is_recorded = True
                raise
            finally:
                _concerned.reset(tokens[0])
                _details.reset(tokens[1])

        run.permission = permission  # type: ignore[attr-defined]
        return run

    return decorate
