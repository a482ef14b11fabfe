"""Where each address leads: pages of the apps, the API, the live stream."""

from __future__ import annotations

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = []

for _module, _prefix in (
    ("vigil.platform.notices.urls", "live/"),
    ("vigil.apps.deconfliction.urls", ""),
    ("vigil.web.urls", ""),
):
    if find_spec(_module):
        urlpatterns.append(path(_prefix, include(_module)))
