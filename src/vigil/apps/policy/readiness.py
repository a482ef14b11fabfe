"""What readiness asks of the policy."""

from datetime import datetime
from uuid import UUID

from vigil.apps.policy.models import Adoption
from vigil.apps.policy.queries import proposal
from vigil.apps.policy.rules import differences
from vigil.platform.agencies.models import agency_of
from vigil.platform.readiness.queries import contribute


def policy_state(agency_id: UUID, now: datetime) -> str:
    """`adopted`, `differs` from the settings, or empty."""
    adopted, agency = Adoption.objects.filter(agency_id=agency_id).first(), agency_of(agency_id)
    if adopted is None or agency is None:
        return ""
    return "differs" if differences(adopted.sections, proposal(agency)) else "adopted"


contribute("policy", policy_state)
