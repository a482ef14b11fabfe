"""From facts to what is done and what is missing. Pure: the clock is passed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from vigil.texts import gettext as _

BACKUP_AGE = timedelta(days=7)
"""A backup older than this is no recent one (ours)."""
ADMINISTRATORS = 2
"""One who is ill or leaves must not take the node along (ours)."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an agency and of the node that serves it.

    `administrators` and `supervisors` count people who can log in. `policy` is `adopted`, `differs` or empty;
    `desks_checked` counts telephones on Whom to call that were checked within a year; `streets` is None where the
    node has no street search. `channels` are the ways by which alarms reach a person away from
    the pages. `auditors` are those of the agency and of the node. `partners` counts the nodes that are asked.
    """

    agency: str
    ori: str
    state: str
    time_zone: str
    administrators: int
    supervisors: int
    desk_phone: str
    desk_hours: str
    rules_reviewed: bool
    retention_set: bool
    backed_up_at: datetime | None
    neighbours: int
    policy: str = ""
    desks_checked: int = 0
    streets: int | None = None
    auditors: int = 0
    channels: int = 0
    partners: int = 0


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that a ready node has. `needed`: without it the node is not ready; else it is worth having.

    `of_node`: the same for every agency. `url_name` is the page that mends it, `permission` what that page needs;
    without a page a command does, which `now` names.
    """

    code: str
    label: str
    done: bool
    now: str
    url_name: str = ""
    permission: str = ""
    needed: bool = True
    of_node: bool = False


def judge(facts: Facts, now: datetime) -> list[Item]:
    """Every item with its state, in the order in which they are best done."""
    items = [_agency(facts), _administrators(facts), _supervisor(facts), _desk(facts), _rules(facts), _retention(facts)]
    items += [_channels(facts), _policy(facts), _backup(facts, now)]
    items += [_auditor(facts), _partners(facts), _neighbours(facts), _desks(facts)]
    return items if facts.streets is None else [*items, _streets(facts.streets)]


def missing(items: Sequence[Item]) -> list[Item]:
    """What keeps the node from being ready."""
    return [item for item in items if item.needed and not item.done]


def _both(words: Sequence[str]) -> str:
    return _("{one} and {other}").format(one=words[0], other=words[1]) if len(words) == 2 else "".join(words)


def _agency(facts: Facts) -> Item:
    lacking = [word for word, value in ((_("state"), facts.state), (_("time zone"), facts.time_zone)) if not value]
    now = _("Not set for {ori}: {lacking}.").format(ori=facts.ori, lacking=_both(lacking))
    now = now if lacking else f"{facts.agency}, {facts.ori}."
    return Item("agency", _("Agency and ORI"), not lacking, now, "agencies:agency", "agencies.agency.edit")


def _administrators(facts: Facts) -> Item:
    done = facts.administrators >= ADMINISTRATORS
    now = _("{n} can log in.") if done else _("{n} of {needed} can log in.")
    now = now.format(n=facts.administrators, needed=ADMINISTRATORS)
    return Item("administrators", _("At least two administrators"), done, now, "people", "accounts.user.read")


def _supervisor(facts: Facts) -> Item:
    now = _("{n} can log in.") if facts.supervisors else _("Nobody: silent operations need one.")
    now = now.format(n=facts.supervisors)
    return Item("supervisor", _("A supervisor"), facts.supervisors > 0, now, "people", "accounts.user.read")


def _desk(facts: Facts) -> Item:
    lacking = [
        word for word, value in ((_("telephone"), facts.desk_phone), (_("hours"), facts.desk_hours)) if not value
    ]
    now = _("Not set: {lacking}.").format(lacking=_both(lacking))
    now = now if lacking else f"{facts.desk_phone}, {facts.desk_hours}."
    return Item(
        "desk",
        _("Watch desk with telephone and hours"),
        not lacking,
        now,
        "agencies:watch_desk",
        "agencies.node.edit",
        of_node=True,
    )


def _rules(facts: Facts) -> Item:
    now = _("Shipped values, which nobody has looked at and saved.")
    now = _("Looked at and saved.") if facts.rules_reviewed else now
    return Item(
        "rules",
        _("Lead time, radii and buffers reviewed"),
        facts.rules_reviewed,
        now,
        "deconfliction:agency_rules",
        "agencies.agency.edit",
    )


def _retention(facts: Facts) -> Item:
    now = _("Shipped days, which nobody has looked at and saved.")
    now = _("Looked at and saved.") if facts.retention_set else now
    return Item("retention", _("Retention set"), facts.retention_set, now, "agencies:retention", "agencies.agency.edit")


def _channels(facts: Facts) -> Item:
    now = _("{n} set up.") if facts.channels else _("None: who does not look at a page learns of no alarm.")
    now = now.format(n=facts.channels)
    where = "delivery:channels", "delivery.channel.read"
    return Item(
        "channels",
        _("A way out for alarms: e-mail, text messages or calls"),
        facts.channels > 0,
        now,
        *where,
        of_node=True,
    )


def _policy(facts: Facts) -> Item:
    now = {"adopted": _("Adopted."), "differs": _("Adopted, but the settings now say something else.")}
    return Item(
        "policy",
        _("Policy adopted"),
        facts.policy == "adopted",
        now.get(facts.policy, _("No policy is adopted.")),
        "policy:policy",
        "policy.adoption.read",
    )


def _backup(facts: Facts, now: datetime) -> Item:
    made = facts.backed_up_at
    done = made is not None and now - made <= BACKUP_AGE
    said = _("The last one is of {day:%Y-%m-%d}.").format(day=made) if made else _("None was ever made.")
    if not done:
        said += " " + _("Run vigil backup FILE on the node; keep the file and the backup key apart.")
    return Item("backup", _("Backup of data and keys, not older than a week"), done, said, of_node=True)


def _auditor(facts: Facts) -> Item:
    now = _("{n} can log in.") if facts.auditors else _("Nobody reads who did what. It is no administrator's to do.")
    now = now.format(n=facts.auditors)
    done = facts.auditors > 0
    return Item("auditor", _("An auditor beside the administrators"), done, now, "people", "accounts.user.read", False)


def _partners(facts: Facts) -> Item:
    now = _("{n} paired.") if facts.partners else _("None: an operation that another node has is not found.")
    now = now.format(n=facts.partners)
    where = "deconfliction:partners", "partners.partner.read"
    return Item("partners", _("Partner nodes"), facts.partners > 0, now, *where, needed=False, of_node=True)


def _neighbours(facts: Facts) -> Item:
    done = facts.neighbours > 0
    now = _("{n:,} are known.") if done else _("None: run vigil agencies import FILE on the node.")
    now = now.format(n=facts.neighbours)
    return Item("neighbours", _("List of the agencies around"), done, now, needed=False, of_node=True)


def _desks(facts: Facts) -> Item:
    done = facts.desks_checked > 0
    now = _("{n} checked within a year.") if done else _("No telephone on Whom to call has been checked.")
    now = now.format(n=facts.desks_checked)
    return Item(
        "desks",
        _("Telephones of other desks checked"),
        done,
        now,
        "whom_to_call:directory",
        "whom_to_call.entry.read",
        needed=False,
        of_node=True,
    )


def _streets(streets: int) -> Item:
    now = _("{n:,} are known.") if streets else _("None: an address asks for a pin.")
    now = now.format(n=streets)
    where = "gazetteer:streets", "gazetteer.source.read"
    return Item("streets", _("Streets imported"), streets > 0, now, *where, needed=False, of_node=True)
