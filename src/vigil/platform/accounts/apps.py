"""Accounts as a Django app."""

from base64 import b64decode, b64encode
from typing import Any

from django.apps import AppConfig
from django.core import checks


class AccountsConfig(AppConfig):
    """Registers the check that every address declares who may open it, and where factors hold secrets."""

    name = "vigil.platform.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Undeclared addresses stop the start."""
        from vigil.platform import rotation
        from vigil.platform.doors import check_declared

        checks.register(check_declared, checks.Tags.urls)
        rotation.also("mfa.Authenticator", "data", _factor_again)


def _factor_again(data: Any, again: Any) -> Any:
    """The secret of a code app, in the table of allauth."""
    from vigil.platform.accounts.factors import PURPOSE

    if "secret" not in data:
        return data
    return data | {"secret": b64encode(again(b64decode(data["secret"]), PURPOSE)).decode()}
