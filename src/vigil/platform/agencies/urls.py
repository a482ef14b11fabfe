"""Where the set-up pages of agency and node are."""

from django.urls import path

from vigil.platform.agencies import views

app_name = "agencies"

urlpatterns = [
    path("setup/retention/", views.retention, name="retention"),
]
