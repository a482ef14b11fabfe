"""Views of the lists that a person keeps: filters under a name, one of them what the list opens with.

A view holds what stands in the list's address, which is never a typed text. It is its person's alone, for the agency
it was saved for.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from vigil.apps.deconfliction.models import SavedView, Table
from vigil.core.actor import Actor
from vigil.core.errors import Invalid, NotFound
from vigil.platform.actions import action, concerns

MOST = 20
LONGEST_NAME = 60


@action("deconfliction.view.edit")
def save_view(
    actor: Actor, table: str, name: str, filters: Mapping[str, str], now: datetime, *, is_default: bool = False
) -> SavedView:
    """Keep the filters under a name; with `is_default` the list opens with them.

    Raises `Invalid` at `name` where it is empty, too long, taken, or has signs that cannot be read, and where there are
    too many.
    """
    person, agency = _whose(actor)
    kept = _own(actor, table)
    name = _name(kept, name)
    if kept.count() >= MOST:
        sentence = _("You have {n} views of this list. Remove one first.").format(n=MOST)
        raise Invalid.at("name", sentence=sentence)
    if is_default:
        kept.update(is_default=False)
    view = SavedView.objects.create(
        user_id=person,
        agency_id=agency,
        table=table,
        name=name,
        filters=urlencode(sorted(filters.items())),
        is_default=is_default,
        created_at=now,
    )
    concerns(view=view.pk)
    return view


@action("deconfliction.view.edit")
def rename_view(actor: Actor, table: str, view_id: UUID, name: str) -> SavedView:
    """Give a view another name; refused as in `save_view`."""
    view = _view(actor, table, view_id)
    view.name = _name(_own(actor, table).exclude(pk=view.pk), name)
    view.save(update_fields=("name",))
    return view


@action("deconfliction.view.edit")
def open_with(actor: Actor, table: str, view_id: UUID | None) -> None:
    """The list opens with this view, or with none."""
    chosen = _view(actor, table, view_id) if view_id is not None else None
    _own(actor, table).update(is_default=False)
    if chosen is not None:
        chosen.is_default = True
        chosen.save(update_fields=("is_default",))


@action("deconfliction.view.edit")
def remove_view(actor: Actor, table: str, view_id: UUID) -> str:
    """Forget a view; its name. What it showed stays as it is."""
    view = _view(actor, table, view_id)
    view.delete()
    return view.name


@dataclass(frozen=True, slots=True)
class Views:
    """A person's views of one list, in the order in which they were saved."""

    rows: Sequence[SavedView]

    @property
    def default(self) -> SavedView | None:
        """What the list opens with."""
        return next((view for view in self.rows if view.is_default), None)


def views_of(actor: Actor, table: str) -> Views:
    """The actor's own."""
    return Views(tuple(_own(actor, table)))


def _whose(actor: Actor) -> tuple[UUID, UUID]:
    if actor.user_id is None or actor.agency_id is None:
        raise NotFound
    return actor.user_id, actor.agency_id


def _own(actor: Actor, table: str) -> QuerySet[SavedView]:
    person, agency = _whose(actor)
    if table not in Table.values:
        raise NotFound
    return SavedView.objects.filter(user_id=person, agency_id=agency, table=table)


def _view(actor: Actor, table: str, view_id: UUID) -> SavedView:
    view = _own(actor, table).filter(pk=view_id).first()
    if view is None:
        raise NotFound
    concerns(view=view.pk)
    return view


def _name(others: QuerySet[SavedView], typed: str) -> str:
    name = " ".join(typed.split())
    if not name:
        raise Invalid.at("name", sentence=_("Give the view a name, such as: My raids this week."))
    if len(name) > LONGEST_NAME:
        sentence = _("The name has {n} characters. Use at most {most}.").format(n=len(name), most=LONGEST_NAME)
        raise Invalid.at("name", sentence=sentence)
    if any(unicodedata.category(sign).startswith("C") for sign in name):
        raise Invalid.at("name", sentence=_("The name has a sign that cannot be read. Type it again."))
    if any(name.casefold() == other.name.casefold() for other in others):
        sentence = _("You have a view called {name} already. Choose another name.").format(name=name)
        raise Invalid.at("name", sentence=sentence)
    return name
