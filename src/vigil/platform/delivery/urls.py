"""Pages of alarms' ways, and the door of the gateway."""

from django.urls import path

from vigil.platform.delivery import views

app_name = "delivery"
urlpatterns = [
    path("account/ways/", views.ways, name="ways"),
    path("channels/", views.channels, name="channels"),
    path("setup/webhooks/", views.agency_webhooks, name="webhooks"),
    path("delivery/callback/", views.callback, name="callback"),
]
