"""The audit trail in the menu."""

from django.utils.translation import gettext_lazy as _

from vigil.web.navigation import Entry, register

register(Entry(_("Audit"), _("Audit"), "audit:review", "history", 66, "audit.record.read", prefixes=("/audit/",)))
