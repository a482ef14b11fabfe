"""Where deconfliction's pages are. No address ever carries a place, a name or a case."""

from django.urls import path

from vigil.apps.deconfliction import (
    agency_views,
    calendar_views,
