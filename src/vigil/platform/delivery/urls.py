"""Pages of alarms' ways, and the door of the gateway."""

from django.urls import path

from vigil.platform.delivery import views

app_name = "delivery"
urlpatterns = [
    path("delivery/callback/", views.callback, name="callback"),
]
