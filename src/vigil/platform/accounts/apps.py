"""Accounts as a Django app."""

from django.apps import AppConfig
from django.core import checks


class AccountsConfig(AppConfig):
    """Registers the check that every address declares who may open it."""

    name = "vigil.platform.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Undeclared addresses stop the start."""
        from vigil.platform.doors import check_declared

        checks.register(check_declared, checks.Tags.urls)
