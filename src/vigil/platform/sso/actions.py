"""Binding one's own login at the identity provider, and taking it away; whose one is."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from vigil.core.actor import Actor
from vigil.core.errors import Invalid
from vigil.platform.accounts.models import User
from vigil.platform.actions import action, concerns
from vigil.platform.sso.models import Identity


@action("accounts.factor.add")
def bind(actor: Actor, digest: str, now: datetime) -> Identity:
    """From now on the subject with this digest is the actor.

    Raises:
        Invalid: it is somebody else already, or the actor is bound to another.
    """
    assert actor.user_id is not None
    if Identity.objects.filter(digest=digest).exists():
        raise Invalid.at("subject", sentence=_("This login is bound already."))
    if Identity.objects.filter(user_id=actor.user_id).exists():
        raise Invalid.at("subject", sentence=_("You are bound to another login. Remove that one first."))
    bound = Identity.objects.create(user_id=actor.user_id, digest=digest, bound_at=now)
    concerns(user=actor.user_id, identity=bound.pk)
    return bound


@action("accounts.factor.remove")
def unbind(actor: Actor) -> None:
    """The provider opens nothing of the actor's any more."""
    assert actor.user_id is not None
    Identity.objects.filter(user_id=actor.user_id).delete()
    concerns(user=actor.user_id)


def person_of(digest: str) -> User | None:
    """Whom the subject was bound to; never by a name or an e-mail address."""
    found = Identity.objects.filter(digest=digest).select_related("user").first()
    return found.user if found else None
