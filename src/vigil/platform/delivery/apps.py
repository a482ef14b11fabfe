"""Delivery as a Django app."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks
from django.utils.module_loading import autodiscover_modules


class DeliveryConfig(AppConfig):
    """Collects each app's `deliveries.py`: the texts that it sends and its reply handlers, for every process."""

    name = "vigil.platform.delivery"
    label = "delivery"

    def ready(self) -> None:
        """Import every installed app's texts; a channel that is set up by halves stops the start."""
        from vigil.platform.delivery.channels import check_channels

        autodiscover_modules("deliveries")
        checks.register(check_channels)
