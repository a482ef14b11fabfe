"""Where emergency accesses are begun, seen and ended."""

from django.urls import path

from vigil.platform.glass import views

app_name = "glass"
urlpatterns = [
    path("emergency/", views.accesses, name="accesses"),
    path("emergency/begin/", views.begin, name="begin"),
    path("emergency/<uuid:access_id>/end/", views.end, name="end"),
]
