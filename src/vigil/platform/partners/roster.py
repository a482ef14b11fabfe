"""Who is a partner, what this node says of itself to one, and which of its keys each of them knows."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings

from vigil.engine.predicate import PREDICATE
from vigil.platform import keys
from vigil.platform.agencies.models import Node, served_agencies, this_node
from vigil.platform.partners.models import Partner, current_roster
from vigil.protocol.envelope import SPOKEN
from vigil.protocol.pairing import Pairing, write_code, write_file
from vigil.protocol.signing import Signer, fingerprint


def partners() -> list[Partner]:
    """Those on the roster, by name."""
    return list(Partner.objects.filter(pk__in=current_roster().members))


def served_by_partners() -> frozenset[str]:
    """The ORIs of the agencies that a live partner on the roster serves: they are covered."""
    return frozenset(ori for one in partners() if one.purpose == Partner.Purpose.LIVE for ori, _state in one.served)


def signer() -> Signer:
    """What signs messages to partners; its fingerprint is what this node's administrator reads aloud."""
    return Signer(keys.partner_key())


def next_signer() -> Signer | None:
    """What signs them once every partner has taken its key; None where no rotation is under way."""
    key = keys.next_partner_key()
    return None if key is None else Signer(key)


def not_yet_taken() -> list[Partner]:
    """The partners on the roster that have not taken the newest partner key yet."""
    newest = (next_signer() or signer()).fingerprint
    return [one for one in partners() if one.known_key != newest]


def own_address(node: Node) -> str:
    """Where partners reach this node: as somebody has said, else as the settings tell."""
    if node.address:
        return node.address
    host = settings.ALLOWED_HOSTS[0] if settings.ALLOWED_HOSTS else "localhost"
    secure = settings.SECURE_PROXY_SSL_HEADER is not None
    return f"https://{host}" if secure else f"http://{host}:{settings.VIGIL_PORT}"


def own_pairing(now: datetime) -> Pairing:
    """What this node's pairing file says."""
    node = this_node()
    return Pairing(
        node_id=str(node.pk),
        name=node.name,
        address=own_address(node),
        key=signer().public_key,
        desk_name=node.watch_desk_name,
        desk_phone=node.watch_desk_phone,
        desk_hours=str(node.desk_hours)[:200],
        served=tuple(sorted((agency.ori, agency.state) for agency in served_agencies())),
        area=tuple((west, south, east, north) for west, south, east, north in node.region or ()),
        versions=SPOKEN,
        predicates=(PREDICATE,),
        made_at=int(now.timestamp() * 1_000_000),
    )


def mark_of(partner: Partner) -> str:
    """The fingerprint of the key that the partner signs with."""
    return fingerprint(bytes(partner.public_key))


def own_file(now: datetime) -> bytes:
    """This node's pairing file."""
    return write_file(own_pairing(now), signer())


def own_code(now: datetime) -> str:
    """The same as the text of a QR code."""
    return write_code(own_pairing(now), signer())
