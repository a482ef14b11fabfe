"""Many people at once, from a file (CSV or Excel): read, looked at, then added one by one.

Columns: `full_name`, `username`; and, where wanted, `roles` (officer if empty; several separated by spaces), `ori` (the
own agency if empty), `unit`, `phone`, `employment` (sworn or civilian). Promise: each row is added, is there already,
or is refused with line, column and reason; read again, a file doubles nobody.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from vigil.core.actor import Actor
from vigil.core.errors import DomainError, NotFound
from vigil.core.permissions import Role, clash
from vigil.engine.formats.tabular import BadRow, UnusableInput, open_sheet
from vigil.platform.accounts import actions
from vigil.platform.accounts.access import person_of
from vigil.platform.accounts.models import Employment, User
from vigil.platform.accounts.queries import roles_to_choose
from vigil.platform.agencies.models import Agency, served_agencies

NEEDED = ("full_name", "username")
COLUMNS = (*NEEDED, "roles", "ori", "unit", "phone", "employment")
MOST = 100
"""Rows a file on the page: each first password is hashed, which takes part of a second."""


@dataclass(frozen=True, slots=True)
class Invited:
    """One row that can be added."""

    line: int
    wanted: actions.NewUser
    agency: str

    @property
    def roles(self) -> Sequence[Role]:
        """In the order of the table."""
        return [role for role in Role if role in self.wanted.roles]


@dataclass(frozen=True, slots=True)
class Invitation:
    """What a file holds: who is new, who (user name) is there already, and the rows that are refused."""

    new: Sequence[Invited]
    there: Sequence[str]
    bad: Sequence[BadRow]


@dataclass(frozen=True, slots=True)
class FirstPassword:
    """Somebody who was added; the password is told this once."""

    full_name: str
    username: str
    agency: str
    password: str


class _Bad(ValueError):
    def __init__(self, column: str, reason: str) -> None:
        super().__init__(reason)
        self.column, self.reason = column, reason


def read(actor: Actor, source: Any, most: int | None = None) -> Invitation:
    """Look at a file (a path or an open binary file) without adding anybody.

    Raises:
        UnusableInput: it is no such table, or has more than `most` rows.
    """
    actor.require("accounts.user.create")
    reader = _Reader(actor)
    new: list[Invited] = []
    there: list[str] = []
    bad: list[BadRow] = []
    for number, (line, row) in enumerate(_rows(source), 1):
        if most is not None and number > most:
            raise UnusableInput(_("More than {most} rows. Split the file.").format(most=most))
        try:
            invited = reader.invited(line, row)
        except _Bad as error:
            bad.append(BadRow(line, error.column, error.reason))
        else:
            new += [invited] if invited else []
            there += [] if invited else [row["username"]]
    return Invitation(new, there, bad)


def invite(actor: Actor, invitation: Invitation) -> tuple[list[FirstPassword], list[BadRow]]:
    """Add those who are new, each by itself; who was added, and the rows that were refused after all."""
    added: list[FirstPassword] = []
    bad = list(invitation.bad)
    for one in invitation.new:
        try:
            actions.create_user(actor, one.wanted)
        except DomainError as error:
            bad.append(BadRow(one.line, "username", error.sentence))
        else:
            added.append(FirstPassword(one.wanted.full_name, one.wanted.username, one.agency, one.wanted.password))
    return added, bad


class _Reader:
    """Reads rows one after another, and remembers who stood in the file before."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.system = Role.SYSTEM in actor.roles
        served = served_agencies()
        if not self.system and Role.NODE_ADMIN not in actor.roles:
            served = [agency for agency in served if agency.pk == actor.agency_id]
        self.served = {agency.ori: agency for agency in served}
        self.roles = [role for role in Role if role is not Role.SYSTEM] if self.system else roles_to_choose(actor)
        self.seen: set[str] = set()

    def invited(self, line: int, row: Mapping[str, str]) -> Invited | None:
        """The row as somebody new; None where the person is there already."""
        username = row["username"]
        for problem in actions.username_problems(username):
            raise _Bad("username", problem.sentence)
        for problem in actions.details_problems(row["full_name"], row["phone"], row["unit"]):
            raise _Bad(str(problem.path[0]), problem.sentence)
        if username.casefold() in self.seen:
            raise _Bad("username", _("Stands in the file twice; the first row counts."))
        self.seen.add(username.casefold())
        agency, roles = self._agency(row["ori"]), self._roles(row["roles"])
        if row["employment"] not in ("", *Employment):
            raise _Bad("employment", _("Sworn or civilian, or empty."))
        known = User.objects.filter(username__iexact=username).first()
        if known:
            if known.full_name.casefold() != row["full_name"].casefold() or not self._sees(known):
                raise _Bad("username", _("This user name is taken, and never given to somebody else."))
            return None
        wanted = actions.NewUser(
            username=username,
            full_name=row["full_name"],
            password=actions.first_password(),
            agency_id=agency.pk,
            roles=roles,
            phone=row["phone"],
            unit=row["unit"],
            must_change_password=True,
            employment=row["employment"],
        )
        return Invited(line, wanted, agency.label)

    def _sees(self, user: User) -> bool:
        if self.system:
            return True
        try:
            return bool(person_of(self.actor, user.pk))
        except NotFound:
            return False

    def _agency(self, ori: str) -> Agency:
        own = [agency for agency in self.served.values() if agency.pk == self.actor.agency_id or len(self.served) == 1]
        agency = self.served.get(ori.upper()) if ori else (own[0] if own else None)
        if agency is None:
            raise _Bad(
                "ori", _("No agency to which you may add people. An ORI is nine letters and digits, e.g. MD0000100.")
            )
        return agency

    def _roles(self, text: str) -> frozenset[Role]:
        words = re.split(r"[\s,;+]+", text.strip().lower()) if text.strip() else [Role.OFFICER.value]
        known = {role.value: role for role in self.roles}
        unknown = [word for word in words if word not in known]
        if unknown:
            sentence = _("{word} is no role that you may give. Roles: {roles}.")
            raise _Bad("roles", sentence.format(word=unknown[0], roles=", ".join(known)))
        roles = frozenset(known[word] for word in words)
        if clash(roles):
            raise _Bad("roles", _("Nobody both gives access and audits."))
        return roles


def _rows(source: Any) -> Iterator[tuple[int, dict[str, str]]]:
    sheet = open_sheet(source)
    header = [re.sub(r"[^a-z]+", "_", name.strip().lower()).strip("_") for name in sheet.header]
    aliases = {"name": "full_name", "user_name": "username", "role": "roles", "telephone": "phone"}
    header = [aliases.get(name, name) for name in header]
    missing = [name for name in NEEDED if name not in header]
    unknown = [name for name in header if name not in COLUMNS]
    if missing or unknown:
        sentence = _("No column {missing}.") if missing else _("There is no column {unknown} here.")
        sentence = sentence.format(missing=" and ".join(missing), unknown=", ".join(unknown))
        raise UnusableInput(f"{sentence} {_('Columns: {columns}.').format(columns=', '.join(COLUMNS))}")
    for line, cells in sheet.rows:
        found = dict(zip(header, (cell.strip() for cell in cells), strict=False))
        row = {name: found.get(name, "") for name in COLUMNS}
        row["employment"] = row["employment"].lower()
        yield line, row


def sheet_csv(added: Sequence[FirstPassword]) -> bytes:
    """The first passwords as a file."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(("full_name", "username", "agency", "first_password"))
    lines.writerows((one.full_name, one.username, one.agency, one.password) for one in added)
    return text.getvalue().encode()
