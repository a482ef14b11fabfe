"""Wrong API tokens: counted by source, hour and token, and put into the trail as one record each when the hour is over.

Anybody can send a wrong token, so nobody may fill the trail, or keep the database busy, by doing so: above `MOST` of a
source, and above `SOURCES` in an hour, only the fact is kept. What was sent is kept nowhere.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from django.db.models import F

from vigil.core.actor import Actor, Via
from vigil.platform.accounts.access import TOKEN_PREFIX
from vigil.platform.accounts.models import ApiToken
from vigil.platform.audit.models import WrongToken
from vigil.platform.audit.trail import record
from vigil.platform.requests import source
from vigil.platform.turns import writing

VERB = "accounts.token.use"
HOUR = timedelta(hours=1)
MOST = 100
"""Of one source and hour; more are told as so many."""
SOURCES = 100
"""Different ones of an hour; the rest are counted together, without a source."""


def count(text: str, now: datetime) -> None:
    """One more wrong token, from the source of the running request."""
    token = ApiToken.objects.filter(prefix=text.removeprefix(TOKEN_PREFIX).split("_", 1)[0][:12]).first()
    hour = now.replace(minute=0, second=0, microsecond=0)
    of_hour = WrongToken.objects.filter(hour=hour)
    key = {"hour": hour, "source": network(source.get()), "token": str(token.pk) if token else ""}
    row = of_hour.filter(**key).first()
    if row is None and of_hour.count() >= SOURCES:
        key |= {"source": "", "token": ""}
        row = of_hour.filter(**key).first()
    if row is not None and row.count >= MOST:
        return
    with writing():
        agency = token.agency_id if token and key["token"] else None
        row, _ = WrongToken.objects.get_or_create(**key, defaults={"agency_id": agency, "first_at": now})
        WrongToken.objects.filter(pk=row.pk).update(count=F("count") + 1)


def network(address: str) -> str:
    """What is counted as one source: an IPv4 address, or the 64 bits of an IPv6 one that its holder cannot choose."""
    if not address:
        return ""
    one = ip_address(address)
    return str(ip_network((one, 64), strict=False)) if isinstance(one, IPv6Address) else str(one)


def record_hours(now: datetime) -> None:
    """Put the hours that are over into the trail."""
    for row in WrongToken.objects.filter(hour__lte=now - HOUR).order_by("pk"):
        with writing():
            # Whoever removes it records it: two workers do it once.
            if not WrongToken.objects.filter(pk=row.pk).delete()[0]:
                continue
            _record(row)


def _record(row: WrongToken) -> None:
    nobody = Actor(user_id=None, name="", agency_id=row.agency_id, roles=frozenset(), via=Via.API)
    told = {"hour": row.hour.isoformat(timespec="minutes"), "times": str(row.count)}
    mark = source.set(row.source)
    try:
        record(nobody, VERB, told | ({"token": row.token} if row.token else {}), outcome="refused")
    finally:
        source.reset(mark)
