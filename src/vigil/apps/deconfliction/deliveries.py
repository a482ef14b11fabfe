"""What deconfliction sends beyond the page, and what a reply to it does."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from vigil.apps.deconfliction.alarms import lifecycle
from vigil.core.actor import system
from vigil.platform.delivery import addresses
from vigil.platform.delivery.kinds import kind, on_reply
from vigil.platform.delivery.models import Delivery

CONFLICT = kind("deconfliction.conflict", _("Vigil: somebody must speak with you now. Open Vigil or call your desk."))
DESK_UNATTENDED = kind("deconfliction.desk", _("Vigil: nobody watches the desk. Open the watch desk now."))
PARTNER_TROUBLE = kind("partners.trouble", _("Vigil: a partner node gives no answers. Open Partners."))
WITHDRAWN = kind("deconfliction.withdrawn", _("Vigil: what you were alarmed of stands no longer. Open Vigil."))


@on_reply(CONFLICT)
def acknowledged(delivery: Delivery, at: datetime) -> None:
    """The code came back from the number that it was sent to: that person's side knows."""
    lifecycle.acknowledge_by_reply(system("reply"), delivery.about, addresses.opened(delivery)[1], at)
