"""How pages say channels and steps."""

from django.utils.translation import gettext_lazy as _

from vigil.platform.delivery.models import Channel

CHANNELS = {
    Channel.EMAIL: _("E-mail"),
    Channel.SMS: _("Text message"),
    Channel.VOICE: _("Telephone call"),
    Channel.WEBHOOK: _("Webhooks"),
    Channel.PUSH: _("Note on a device"),
}
"""By channel."""
STEPS = {
    "queued": _("written down"),
    "no_way": _("no way"),
    "tried": _("tried"),
    "failed": _("not taken"),
    "handed_over": _("handed over"),
    "delivered": _("delivered"),
    "answered": _("answered"),
    "not_answered": _("not answered"),
    "undeliverable": _("could not be delivered"),
    "replied": _("code came back"),
    "stopped": _("stopped"),
    "gave_up": _("given up"),
    "retried": _("sent again"),
}
"""By step of a delivery's way."""
