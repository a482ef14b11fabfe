"""What people are sent beyond the page. Each is one sentence that says nothing of what there is to read."""

from django.utils.translation import gettext_lazy as _

from vigil.platform.delivery.kinds import kind

ALERT = kind("near_miss.alert", _("Vigil: an alert of the near misses is out. Open Near misses."))
ALERT_WAITS = kind("near_miss.alert_waits", _("Vigil: an alert of the near misses waits for you. Open Review."))
LESSON = kind("near_miss.lesson", _("Vigil: a new lesson is in the library of near misses. Open Near misses."))
DIGEST = kind("near_miss.digest", _("Vigil: the monthly digest of the near misses is out. Open Near misses."))
OVERDUE = kind("near_miss.overdue", _("Vigil: a recommendation about a near miss is overdue. Open Recommendations."))
OUTCOME = kind("near_miss.outcome", _("Vigil: an outcome waits to be told to a reporter. Open Review."))
