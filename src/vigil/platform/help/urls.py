"""Where the help is."""

from django.urls import path

from vigil.platform.help import views

urlpatterns = [
    path("help/", views.index, name="help"),
    path("help/<slug:topic>/", views.topic, name="help_topic"),
]
