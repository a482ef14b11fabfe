"""Where each address leads: pages of the apps, the API, the live stream."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from vigil.api.server import api

ROUTERS = (("/deconfliction", "vigil.apps.deconfliction.api"),)
PAGES = (
    ("live/", "vigil.platform.notices.urls"),
    ("", "vigil.platform.accounts.urls"),
    ("", "vigil.apps.deconfliction.urls"),
)

for _prefix, _module in ROUTERS:
    if find_spec(_module):
        api.add_router(_prefix, import_module(_module).router)

urlpatterns: list[URLPattern | URLResolver] = [path("api/v1/", api.urls)]
urlpatterns += [path(prefix, include(module)) for prefix, module in PAGES if find_spec(module)]

handler400 = "vigil.web.errors.bad_request"
handler403 = "vigil.web.errors.forbidden"
handler404 = "vigil.web.errors.not_found"
handler500 = "vigil.web.errors.broken"
