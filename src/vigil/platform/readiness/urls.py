"""Where the page of set-up is."""

from django.urls import path

from vigil.platform.readiness import views

urlpatterns = [path("setup/", views.setup, name="setup")]
