"""Where the page of streets is, and their map layer. No address carries a place (ADR 6)."""

from django.urls import path

from vigil.platform.gazetteer import views

app_name = "gazetteer"

urlpatterns = [
    path("setup/streets/", views.streets, name="streets"),
    path("setup/streets/remove/", views.remove, name="remove"),
    path("streets/layers/", views.layers, name="layers"),
    path("streets/layers/<int:source_id>.pmtiles", views.layer, name="layer"),
]
