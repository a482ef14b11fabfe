"""Where the set-up pages of agency and node are."""

from django.urls import path

from vigil.platform.agencies import views

app_name = "agencies"

urlpatterns = [
    path("setup/agency/", views.agency, name="agency"),
    path("setup/agencies/", views.agencies, name="agencies"),
    path("setup/agencies/<uuid:agency_id>/", views.one_agency, name="one_agency"),
    path("setup/node/", views.node, name="node"),
    path("setup/watch-desk/", views.watch_desk, name="watch_desk"),
    path("setup/retention/", views.retention, name="retention"),
]
