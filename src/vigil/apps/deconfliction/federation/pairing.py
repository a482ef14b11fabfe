"""Partners come and go: one administrator takes the other node's pairing file in, one confirms what was heard, and only
then the roster changes. A removal is proposed and confirmed the same way, and stands on receipts.

Where the node has several administrators the second step is another person's; the console may do both, for whoever
holds it may do anything.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from vigil.apps.deconfliction.federation import roster_changes
from vigil.core.actor import Actor
from vigil.core.errors import Conflict, Invalid, NotFound
from vigil.engine.predicate import PREDICATE
from vigil.platform.accounts.administrators import others_of_node
from vigil.platform.actions import action, concerns, detail
from vigil.platform.agencies.models import Node, this_node
from vigil.platform.partners.models import Partner
from vigil.platform.partners.roster import own_file, partners, signer
from vigil.protocol import pairing
from vigil.protocol.envelope import SPOKEN
from vigil.protocol.pairing import Pairing, Unpaired

TOLD = (
    "name",
    "base_url",
    "watch_desk_name",
    "watch_desk_phone",
    "desk_hours",
    "served",
    "area",
    "versions",
    "predicate_versions",
)
"""What a pairing file says beside the key."""
Proposed, Purpose, State = Partner.Proposed, Partner.Purpose, Partner.State


def read_file(data: bytes, purpose: str) -> Pairing:
    """The pairing of a file (or of a QR code's text) that this node can be paired with for the purpose.

    Raises `Invalid` at `file` or `purpose`, with what is wrong and who mends it.
    """
    if purpose not in Purpose.values:
        raise Invalid.at("purpose", sentence=_("Choose what for: live, or tests only."))
    try:
        told = pairing.read(data)
        pairing.check_address(told.address, plain=settings.VIGIL_FEDERATION_HTTP)
    except Unpaired as wrong:
        raise Invalid.at("file", sentence=str(wrong)) from None
    sentence = _unfit(told, purpose)
    if sentence:
        raise Invalid.at("file", sentence=sentence)
    return told


def _unfit(told: Pairing, purpose: str) -> str:
    own = this_node()
    if told.node_id == str(own.pk):
        return _("This is this node's own pairing file. Take in the one that the other node gave you.")
    if not set(told.versions) & set(SPOKEN) or PREDICATE not in told.predicates:
        return _("The two nodes share no version of the protocol. Bring the older one up to date first.")
    if purpose == Purpose.LIVE and not told.desk_phone:
        return _(
            "The file names no telephone of the watch desk: nobody could be called while the node is silent. The other "
            "node enters it under Set-up, Watch desk, and makes the file again."
        )
    others = Partner.objects.exclude(pk=told.node_id).exclude(state=State.REMOVED)
    if told.name == own.name or others.filter(name=told.name).exists():
        return _("Another node is named {name} already. One of the two changes its name first.").format(name=told.name)
    return ""


@action("partners.partner.propose")
def take_in(actor: Actor, data: bytes, purpose: str, now: datetime) -> Partner:
    """Take a pairing file in: a proposal that `add` completes. From a partner whose key is known already it is news of
    its name, address, desk, agencies or area, which counts at once.

    Raises `Invalid` at `file` or `purpose`.
    """
    told = read_file(data, purpose)
    row = Partner.objects.select_for_update().filter(pk=told.node_id).first()
    _refuse_older(row, told)
    known = row is not None and row.state == State.ACTIVE
    row = row or Partner(pk=UUID(told.node_id))
    if known and bytes(row.public_key) == told.key and row.purpose == purpose:
        _take_news_over(row, told, data.decode())
    else:
        row.file = data.decode()
        if not known:
            _take_over(row, told, purpose)
            row.state = State.INVITED
        row.proposed, row.proposed_by_id, row.proposed_at = Proposed.PAIRING, actor.user_id, now
        row.proposed_purpose = purpose
    row.save()
    concerns(partner=row.pk)
    detail(purpose=purpose, key=told.fingerprint, address=told.address)
    return row


@action("partners.partner.edit")
def take_news(actor: Actor, row: Partner, file: str, now: datetime) -> Partner:
    """Take over what a partner's newer file says of itself; the file is signed by a key of it that is known.

    Raises `Invalid` at `file` where no partner could be like that, or an older file comes after a newer one.
    """
    told = read_file(file.encode(), row.purpose)
    _refuse_older(row, told)
    _take_news_over(row, told, file)
    # Its keys stay: a next key is taken when it signs.
    row.save(update_fields=[*TOLD, "file"])
    concerns(partner=row.pk)
    detail(address=told.address)
    return row


def _refuse_older(row: Partner | None, told: Pairing) -> None:
    if row is not None and row.file and told.made_at < pairing.read(row.file.encode()).made_at:
        sentence = _("A newer pairing file of this node was taken in already. Ask for its newest.")
        raise Invalid.at("file", sentence=sentence)


def _take_news_over(row: Partner, told: Pairing, file: str) -> None:
    """Where it is reached by another address than its own (`move`), that stays until the partner itself has moved."""
    has_moved = not row.file or pairing.read(row.file.encode()).address != told.address
    reached_at = row.base_url
    _take_over(row, told, row.purpose)
    if not has_moved:
        row.base_url = reached_at
    row.file = file


def _take_over(row: Partner, told: Pairing, purpose: str) -> None:
    row.name, row.base_url, row.public_key, row.purpose = told.name, told.address, told.key, purpose
    row.watch_desk_name, row.watch_desk_phone = told.desk_name, told.desk_phone
    row.desk_hours = told.desk_hours
    row.served, row.area = [list(one) for one in told.served], [list(box) for box in told.area]
    row.versions, row.predicate_versions = list(told.versions), list(told.predicates)


@action("partners.partner.add")
def add(actor: Actor, partner_id: UUID, heard: str, now: datetime) -> Partner:
    """Put the proposed partner on the roster: `heard` is its fingerprint as its administrator read it aloud.

    Everything active is asked of it from now on; where that is much, it is let in first (`roster_changes`). Raises
    `Invalid` at `heard` where it is another one, and without a field where somebody else must confirm; `Conflict` where
    nothing is proposed any more.
    """
    row = _proposed(partner_id, Proposed.PAIRING)
    told = pairing.read(row.file.encode())
    purpose = row.proposed_purpose
    _check_second(actor, row)
    if not heard.strip():
        raise Invalid.at("heard", sentence=_("Type the eight groups of the fingerprint as you hear them read aloud."))
    if not pairing.is_heard(heard, told.fingerprint):
        sentence = _(
            "This is not the fingerprint of the file that was taken in. Read it to each other once more; if it stays "
            "different, somebody changed the file on its way: do not pair, and bring the file on another way."
        )
        raise Invalid.at("heard", sentence=sentence)
    others = [one for one in partners() if one.pk != row.pk]
    was_partner = row.state == State.ACTIVE
    if was_partner:
        roster_changes.change(others, now)  # another key is another machine: it is asked about everything again
    _take_over(row, told, purpose)
    row.state, row.known_key, row.joined_at = State.ACTIVE, signer().fingerprint, now
    _settled(row)
    if was_partner:
        roster_changes.change([*others, row], now, asks=[row])
    else:
        roster_changes.let_in(row, now)
    concerns(partner=row.pk)
    detail(purpose=purpose, key=told.fingerprint, address=told.address)
    return row


@action("partners.partner.edit")
def set_blind(actor: Actor, partner_id: UUID, blind: bool, now: datetime) -> Partner:
    """Compare places with the partner blind first from now on, or no longer (experimental, docs/protocol/blind.md).

    Everything active is asked of it again: the tokens that both hold are others then.
    """
    row = _row(partner_id, State.ACTIVE)
    if row.is_blind != blind:
        row.is_blind = blind
        roster_changes.change([*(one for one in partners() if one.pk != row.pk), row], now, asks=[row])
    concerns(partner=row.pk)
    detail(blind=blind)
    return row


@action("partners.partner.propose")
def propose_removal(actor: Actor, partner_id: UUID, reason: str, now: datetime) -> Partner:
    """Propose that a partner leaves the roster; until `remove` confirms it nothing changes."""
    row = _row(partner_id, State.ACTIVE)
    if not reason.strip():
        raise Invalid.at("reason", sentence=_("Say why: it stands in the audit trail."))
    row.proposed, row.proposed_by_id, row.proposed_at = Proposed.REMOVAL, actor.user_id, now
    row.save(update_fields=["proposed", "proposed_by", "proposed_at"])
    concerns(partner=row.pk)
    detail(reason=reason.strip()[:300])
    return row


@action("partners.partner.remove")
def remove(actor: Actor, partner_id: UUID, now: datetime) -> Partner:
    """Take the partner off the roster (specification 8, condition 11): it stands on every receipt as not covered."""
    row = _proposed(partner_id, Proposed.REMOVAL)
    _check_second(actor, row)
    row.state = State.REMOVED
    _settled(row)
    roster_changes.change([one for one in partners() if one.pk != row.pk], now)
    concerns(partner=row.pk)
    return row


@action("partners.partner.withdraw")
def withdraw(actor: Actor, partner_id: UUID) -> None:
    """Take a proposal back: who was never a partner is forgotten, everything else stays as it is."""
    waits = Q(state=State.JOINING) | ~Q(proposed="")
    row = Partner.objects.select_for_update().filter(waits, pk=partner_id).first()
    if row is None:
        raise NotFound
    concerns(partner=row.pk)
    if row.state == State.JOINING:
        roster_changes.give_up(row)
        row.state, row.joined_at = State.INVITED, None
    if row.state == State.INVITED and row.joined_at is None:
        row.delete()
        return
    row.state = State.REMOVED if row.state == State.INVITED else row.state
    _settled(row)


@action("partners.pairing.give")
def give_own_file(actor: Actor, now: datetime) -> bytes:
    """This node's pairing file, to be brought to another node."""
    content = own_file(now)
    detail(size=len(content))
    return content


@action("agencies.node.edit")
def name_address(actor: Actor, address: str) -> Node:
    """Say where partners reach this node; its pairing file names it. Raises `Invalid` at `address`."""
    own = Node.objects.select_for_update().get(slot=1)
    own.address = _address(address)
    own.save(update_fields=["address"])
    concerns(node=own.pk)
    detail(address=own.address)
    return own


@action("partners.partner.edit")
def move(actor: Actor, partner_id: UUID, address: str) -> Partner:
    """Reach the partner at another address from now on; who answers there must still hold its key."""
    row = _row(partner_id, State.ACTIVE)
    row.base_url = _address(address)
    row.save(update_fields=["base_url"])
    concerns(partner=row.pk)
    detail(address=row.base_url)
    return row


def _address(typed: str) -> str:
    if not typed.strip():
        sentence = _("Type the address, e.g. https://vigil.example.gov: without one nobody is reached.")
        raise Invalid.at("address", sentence=sentence)
    try:
        return pairing.check_address(typed.strip().rstrip("/"), plain=settings.VIGIL_FEDERATION_HTTP)
    except Unpaired as wrong:
        raise Invalid.at("address", sentence=str(wrong)) from None


def may_confirm(actor: Actor, row: Partner) -> bool:
    """Whether the actor may complete what is proposed: the console, another administrator, or the only one."""
    by = row.proposed_by_id
    return actor.user_id is None or by != actor.user_id or not others_of_node(by)


def _check_second(actor: Actor, row: Partner) -> None:
    if not may_confirm(actor, row):
        raise Invalid.at(sentence=_("You proposed this yourself: another administrator of the node confirms it."))


def _row(partner_id: UUID, state: str) -> Partner:
    row = Partner.objects.select_for_update().filter(pk=partner_id, state=state).first()
    if row is None:
        raise NotFound
    return row


def _proposed(partner_id: UUID, what: str) -> Partner:
    row = Partner.objects.select_for_update().filter(pk=partner_id).first()
    if row is None:
        raise NotFound
    if row.proposed != what:
        raise Conflict
    return row


def _settled(row: Partner) -> None:
    row.proposed, row.proposed_by_id, row.proposed_at, row.proposed_purpose = "", None, None, ""
    row.save()
