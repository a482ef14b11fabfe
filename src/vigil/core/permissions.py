"""Who may do what: one table from permission code to roles. What is not in the table is refused to everyone.

A code is `app.noun.verb`, the same words as the URL, the folder and the audit verb. The table says what a
role may do at all; whether it may do it to *this* object is decided by the app's `access.py`.
Nobody has power over operational data by being an administrator or an auditor, and who administers access does not
read the audit trail (CJIS 5.9.5, AC-5 and AU-9(4)): see `clash`. The one way past the roles is an emergency access,
which opens `GLASS` to an administrator.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    """What a person is within one agency; `system` is the node's own worker and is never given to a person."""

    OFFICER = "officer"
    SUPERVISOR = "supervisor"
    WATCH_DESK = "watch_desk"
    AGENCY_ADMIN = "agency_admin"
    NODE_ADMIN = "node_admin"
    AGENCY_AUDITOR = "agency_auditor"
    NODE_AUDITOR = "node_auditor"
    SYSTEM = "system"


OFFICER, SUPERVISOR, WATCH_DESK = Role.OFFICER, Role.SUPERVISOR, Role.WATCH_DESK
AGENCY_ADMIN, NODE_ADMIN, SYSTEM = Role.AGENCY_ADMIN, Role.NODE_ADMIN, Role.SYSTEM
AGENCY_AUDITOR, NODE_AUDITOR = Role.AGENCY_AUDITOR, Role.NODE_AUDITOR

FIELD = frozenset({OFFICER, SUPERVISOR, WATCH_DESK})
ADMINISTRATORS = frozenset({AGENCY_ADMIN, NODE_ADMIN})
AUDITORS = frozenset({AGENCY_AUDITOR, NODE_AUDITOR})
OF_THE_NODE = frozenset({NODE_ADMIN, NODE_AUDITOR})
"""Roles that reach over all agencies; only a node administrator gives them."""
EVERYONE = FIELD | ADMINISTRATORS | AUDITORS

PERMISSIONS: dict[str, frozenset[Role]] = {
    # Operations of the deconfliction app
    "deconfliction.operation.read": FIELD,
    "deconfliction.operation.register": FIELD | {SYSTEM},
    "deconfliction.operation.register_for": frozenset({WATCH_DESK}),
    "deconfliction.operation.edit": FIELD | {SYSTEM},
    "deconfliction.operation.cancel": FIELD | {SYSTEM},
    "deconfliction.operation.restore": FIELD,
    "deconfliction.operation.end": FIELD,
    "deconfliction.operation.extend": FIELD | {SYSTEM},
    "deconfliction.operation.import": frozenset({SUPERVISOR, WATCH_DESK, AGENCY_ADMIN, SYSTEM}),
    "deconfliction.operation.export": FIELD,
    "deconfliction.operation.watch": frozenset({WATCH_DESK}),
    "deconfliction.operation.join": FIELD,
    "deconfliction.operation.silence": frozenset({SUPERVISOR, WATCH_DESK, SYSTEM}),
    "deconfliction.operation.share": FIELD,
    "deconfliction.operation.find": FIELD,
    "deconfliction.feed.create": FIELD,
    "deconfliction.feed.revoke": FIELD,
    "deconfliction.feed.read": FIELD,
    "deconfliction.view.edit": FIELD,
    "deconfliction.search.run": FIELD | {SYSTEM},
    "deconfliction.receipt.read": FIELD,
    "deconfliction.receipt.give": FIELD,
    # Its conflicts
    "deconfliction.conflict.read": FIELD,
    "deconfliction.conflict.give": FIELD,
    "deconfliction.conflict.acknowledge": FIELD | {SYSTEM},
    "deconfliction.conflict.acknowledge_for": frozenset({WATCH_DESK}),
    "deconfliction.conflict.contact": FIELD,
    "deconfliction.conflict.resolve": FIELD,
    "deconfliction.conflict.own": frozenset({WATCH_DESK}),
    "deconfliction.desk.read": frozenset({WATCH_DESK}),
    "deconfliction.desk.report": frozenset({WATCH_DESK}),
    "deconfliction.practice.read": frozenset({WATCH_DESK, AGENCY_ADMIN}),
    "deconfliction.practice.start": frozenset({WATCH_DESK}),
    "deconfliction.practice.end": frozenset({WATCH_DESK, SYSTEM}),
    "deconfliction.exercise.read": FIELD | {AGENCY_ADMIN},
    "deconfliction.exercise.plan": frozenset({SUPERVISOR, WATCH_DESK}),
    "deconfliction.exercise.run": frozenset({SUPERVISOR, WATCH_DESK, SYSTEM}),
    "deconfliction.exercise.evaluate": FIELD,
    "deconfliction.exercise.export": FIELD | {AGENCY_ADMIN},
    "deconfliction.desk.escalate": frozenset({SYSTEM}),
    "deconfliction.conflict.escalate": frozenset({WATCH_DESK, SYSTEM}),
    "deconfliction.on_call.edit": frozenset({AGENCY_ADMIN}),
    # What is planned and known together
    "deconfliction.joint_offer.create": FIELD | {SYSTEM},
    "deconfliction.joint_offer.answer": FIELD,
    "deconfliction.interest.remind": frozenset({SYSTEM}),
    "deconfliction.operation.remind": frozenset({SYSTEM}),
    "deconfliction.series.create": FIELD,
    "deconfliction.series.edit": FIELD,
    "deconfliction.task_force.read": FIELD | {AGENCY_ADMIN},
    "deconfliction.task_force.edit": frozenset({AGENCY_ADMIN}),
    "deconfliction.deconflictor.name": frozenset({AGENCY_ADMIN, NODE_ADMIN}),
    "deconfliction.tak_server.edit": frozenset({AGENCY_ADMIN}),
    "deconfliction.look.read": ADMINISTRATORS | AUDITORS,
    "deconfliction.fishing_case.note": frozenset({SYSTEM}),
    "deconfliction.fishing_case.read": AUDITORS | {WATCH_DESK},
    "deconfliction.fishing_case.review": AUDITORS | {WATCH_DESK},
    "deconfliction.purge.read": frozenset({AGENCY_ADMIN, NODE_ADMIN}),
    "deconfliction.purge.hold": frozenset({AGENCY_ADMIN, NODE_ADMIN}),
    "deconfliction.purge.run": frozenset({SYSTEM}),
    "deconfliction.study.run": frozenset({SUPERVISOR, WATCH_DESK, AGENCY_ADMIN}),
    "deconfliction.quality.read": frozenset({SUPERVISOR, WATCH_DESK, AGENCY_ADMIN}),
    "policy.adoption.read": EVERYONE,
    "policy.adoption.acknowledge": EVERYONE,
    "policy.adoption.give": EVERYONE,
    "policy.adoption.sign": frozenset({AGENCY_ADMIN}),
    "whom_to_call.entry.read": EVERYONE,
    "whom_to_call.entry.give": EVERYONE,
    "whom_to_call.entry.edit": frozenset({AGENCY_ADMIN, NODE_ADMIN, SYSTEM}),
    # Near misses: who reviews is named person by person (`near_miss.access`), among those who work in the field
    "near_miss.lesson.read": EVERYONE | {SYSTEM},
    "near_miss.lesson.export": EVERYONE,
    "near_miss.alert.read": EVERYONE | {SYSTEM},
    "near_miss.alert.write": FIELD,
    "near_miss.alert.release": FIELD,
    "near_miss.subscription.edit": EVERYONE,
    "near_miss.notice.send": frozenset({SYSTEM}),
    "near_miss.partner.choose": frozenset({NODE_ADMIN}),
    "near_miss.batch.count": frozenset({SYSTEM}),
    "near_miss.sharing.write": frozenset({SYSTEM}),
    "near_miss.publication.send": frozenset({SYSTEM}),
    "near_miss.publication.receive": frozenset({SYSTEM}),
    "near_miss.feed.create": EVERYONE,
    "near_miss.feed.revoke": EVERYONE,
    "near_miss.feed.read": EVERYONE,
    "near_miss.recommendation.read": FIELD | {AGENCY_ADMIN},
    "near_miss.recommendation.add": frozenset({SUPERVISOR, WATCH_DESK, AGENCY_ADMIN}),
    "near_miss.recommendation.edit": frozenset({SUPERVISOR, WATCH_DESK, AGENCY_ADMIN}),
    "near_miss.recommendation.end": FIELD | {AGENCY_ADMIN},
    # Case studies: a supervisor of the agency is its coordinator
    "near_miss.encounter.read": frozenset({SUPERVISOR}),
    "near_miss.encounter.save": frozenset({SUPERVISOR}),
    "near_miss.encounter.submit": frozenset({SUPERVISOR}),
    "near_miss.encounter.discard": frozenset({SUPERVISOR}),
    "near_miss.encounter.take_back": frozenset({SUPERVISOR}),
    "near_miss.encounter.consent": frozenset({SUPERVISOR}),
    "near_miss.consent.confirm": FIELD,
    "near_miss.encounter.hold": frozenset({SUPERVISOR}),
    "near_miss.encounter.lift": frozenset({SUPERVISOR}),
    "near_miss.foreign.import": frozenset({NODE_ADMIN, SYSTEM}),
    "near_miss.foreign.remove": frozenset({NODE_ADMIN, SYSTEM}),
    "near_miss.foreign.export": EVERYONE,
    "near_miss.reviewer.name": frozenset({NODE_ADMIN}),
    "near_miss.reviewer.end": frozenset({NODE_ADMIN}),
    "near_miss.size.say": frozenset({NODE_ADMIN}),
    "near_miss.reviewer.confirm": FIELD,
    "near_miss.reviewer.reject": FIELD,
    "near_miss.reviewer.follow": frozenset({SYSTEM}),
    "near_miss.key.make": FIELD,
    "near_miss.key.unlock": FIELD,
    "near_miss.key.hand_over": FIELD,
    "near_miss.report.read": FIELD,
    "near_miss.report.open": FIELD,
    "near_miss.report.triage": FIELD,
    "near_miss.report.mask": FIELD,
    "near_miss.report.agree": FIELD,
    "near_miss.report.send_back": FIELD,
    "near_miss.report.code": FIELD,
    "near_miss.report.publish": FIELD,
    "near_miss.report.close": FIELD,
    "near_miss.report.ask": FIELD,
    "near_miss.report.tell": FIELD,
    "near_miss.report.destroy": frozenset({SYSTEM}),
    # The platform
    "web.page.find": EVERYONE,
    "accounts.profile.edit": EVERYONE,
    "accounts.pin.edit": EVERYONE,
    "accounts.pin.check": frozenset({WATCH_DESK}),
    "accounts.factor.add": EVERYONE,
    "accounts.factor.remove": EVERYONE,
    "accounts.session.end": EVERYONE,
    "accounts.lock.release": frozenset({WATCH_DESK, AGENCY_ADMIN, NODE_ADMIN, SYSTEM}),
    "accounts.user.create": frozenset({AGENCY_ADMIN, NODE_ADMIN, SYSTEM}),
    "accounts.user.read": frozenset({AGENCY_ADMIN, NODE_ADMIN}),
    "accounts.user.edit": frozenset({AGENCY_ADMIN, NODE_ADMIN, SYSTEM}),
    "accounts.request.create": frozenset({SYSTEM}),
    "accounts.request.confirm": EVERYONE,
    "accounts.request.decide": ADMINISTRATORS,
    "accounts.review.sign": ADMINISTRATORS | {SYSTEM},
    "accounts.review.export": ADMINISTRATORS,
    "accounts.way_back.give": frozenset({SUPERVISOR, WATCH_DESK, AGENCY_ADMIN, NODE_ADMIN}),
    "accounts.token.create": frozenset({AGENCY_ADMIN, NODE_ADMIN, SYSTEM}),
    "accounts.token.read": frozenset({AGENCY_ADMIN, NODE_ADMIN, SYSTEM}),
    "accounts.token.revoke": frozenset({AGENCY_ADMIN, NODE_ADMIN, SYSTEM}),
    "agencies.agency.create": frozenset({NODE_ADMIN, SYSTEM}),
    "agencies.agency.edit": frozenset({AGENCY_ADMIN, NODE_ADMIN, SYSTEM}),
    "agencies.agency.read": EVERYONE,
    "agencies.node.create": frozenset({SYSTEM}),
    "agencies.node.edit": frozenset({NODE_ADMIN, SYSTEM}),
    "agencies.node.backup": frozenset({SYSTEM}),
    "agencies.node.restore": frozenset({SYSTEM}),
    "agencies.key.draw": frozenset({SYSTEM}),
    "agencies.key.retire": frozenset({SYSTEM}),
    "partners.guessing.note": frozenset({SYSTEM}),
    "partners.partner.read": EVERYONE | {SYSTEM},
    "partners.partner.edit": frozenset({NODE_ADMIN, SYSTEM}),
    "partners.key.rotate": frozenset({SYSTEM}),
    "partners.pairing.give": frozenset({NODE_ADMIN, SYSTEM}),
    "partners.message.send": frozenset({SYSTEM}),
    "partners.message.receive": frozenset({SYSTEM}),
    "partners.partner.propose": frozenset({NODE_ADMIN, SYSTEM}),
    "partners.partner.add": frozenset({NODE_ADMIN, SYSTEM}),
    "partners.partner.remove": frozenset({NODE_ADMIN, SYSTEM}),
    "partners.partner.withdraw": frozenset({NODE_ADMIN, SYSTEM}),
    "audit.record.read": AUDITORS,
    "audit.record.export": AUDITORS,
    "audit.review.sign": AUDITORS,
    "audit.head.export": frozenset({NODE_AUDITOR, SYSTEM}),
    "glass.access.begin": ADMINISTRATORS,
    "glass.access.end": ADMINISTRATORS | AUDITORS | {WATCH_DESK},
    "glass.access.read": ADMINISTRATORS | AUDITORS | {WATCH_DESK},
    "gazetteer.source.read": frozenset({NODE_ADMIN, SYSTEM}),
    "gazetteer.source.edit": frozenset({NODE_ADMIN, SYSTEM}),
    "gazetteer.tile.read": EVERYONE,
    "delivery.callback.receive": frozenset({SYSTEM}),
    "delivery.way.edit": EVERYONE,
    "delivery.channel.read": frozenset({NODE_ADMIN}),
    "delivery.channel.test": frozenset({NODE_ADMIN}),
    "delivery.message.retry": frozenset({NODE_ADMIN}),
    "delivery.webhook.read": ADMINISTRATORS,
    "delivery.webhook.edit": ADMINISTRATORS,
    "jobs.job.read": frozenset({NODE_ADMIN}),
    "notices.notice.read": EVERYONE,
    "notices.notice.see": EVERYONE,
}

GLASS = frozenset(
    {
        "deconfliction.operation.read",
        "deconfliction.operation.find",
        "deconfliction.conflict.read",
        "deconfliction.receipt.read",
    }
)
"""What an emergency access opens besides the roles: reading; nothing that writes, watches or takes a file out."""


def allowed(permission: str, roles: frozenset[Role]) -> bool:
    """Whether one of the roles has the permission; a code that is not in the table is refused."""
    return not roles.isdisjoint(PERMISSIONS.get(permission, frozenset()))


def clash(roles: Iterable[Role]) -> bool:
    """Whether one person's roles, in whatever agencies, would put access and audit into the same hands."""
    held = frozenset(roles)
    return not (held.isdisjoint(ADMINISTRATORS) or held.isdisjoint(AUDITORS))


def scope_covers(scope: str, permission: str) -> bool:
    """A scope is a permission code or a leading part of one: `deconfliction` covers `deconfliction.operation.read`."""
    return permission == scope or permission.startswith(scope + ".")
