"""What the node says of itself."""

from django.utils.translation import gettext_lazy as _

from vigil.platform.delivery.kinds import kind

TEST = kind("delivery.test", _("TEST: this is a test of Vigil's alarms. There is nothing to do."))
FAILING = kind("delivery.failing", _("Messages do not leave a node of Vigil that you run. Open its page of channels."))
CONFIRM = kind(
    "delivery.confirm",
    _("Somebody entered this address for alarms of Vigil."),
    _("{text} If it was you, enter the code {code}."),
    always_coded=True,
)
