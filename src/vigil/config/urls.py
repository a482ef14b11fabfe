"""Where each address leads: pages of the apps, the API, the live stream."""

from __future__ import annotations

from importlib import import_module

from django.urls import URLPattern, URLResolver, include, path
from django.views.i18n import JavaScriptCatalog

from vigil.api.server import api
from vigil.api.views import api_page
from vigil.platform.doors import public
from vigil.platform.sso import is_installed

ROUTERS = (
    ("/deconfliction", "vigil.apps.deconfliction.api"),
    ("/deconfliction", "vigil.apps.deconfliction.together.together_api"),
    ("/deconfliction", "vigil.apps.deconfliction.plans.plans_api"),
)
PAGES = (
    ("live/", "vigil.platform.notices.urls"),
    ("", "vigil.platform.accounts.urls"),
    ("", "vigil.platform.finding.urls"),
    ("", "vigil.platform.agencies.urls"),
    ("", "vigil.platform.readiness.urls"),
    ("", "vigil.platform.audit.urls"),
    ("", "vigil.platform.delivery.urls"),
    ("", "vigil.platform.glass.urls"),
    ("", "vigil.platform.help.urls"),
    ("", "vigil.platform.gazetteer.urls"),
    ("", "vigil.apps.deconfliction.urls"),
    ("", "vigil.apps.near_miss.urls"),
    ("", "vigil.apps.policy.urls"),
    ("", "vigil.apps.whom_to_call.urls"),
)

for _prefix, _module in ROUTERS:
    api.add_router(_prefix, import_module(_module).router)
# The API first: whoever submits does not wait until every page was looked at.
urlpatterns: list[URLPattern | URLResolver] = [path("api/v1/", api.urls), path("api/", api_page, name="api_page")]
urlpatterns += [path("texts.js", public(JavaScriptCatalog.as_view()), name="texts")]
urlpatterns += [path(prefix, include(module)) for prefix, module in PAGES]
if is_installed():
    urlpatterns += [path("", include("vigil.platform.sso.urls"))]

handler400 = "vigil.web.errors.bad_request"
handler403 = "vigil.web.errors.forbidden"
handler404 = "vigil.web.errors.not_found"
handler500 = "vigil.web.errors.broken"
