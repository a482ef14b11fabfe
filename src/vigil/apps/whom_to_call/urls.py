"""Where the directory's pages are. What is asked for is posted: no address carries a place."""

from django.urls import path

from vigil.apps.whom_to_call import views

app_name = "whom_to_call"

urlpatterns = [
    path("whom-to-call/", views.directory, name="directory"),
    path("whom-to-call/map/", views.map_picture, name="map"),
    path("whom-to-call/csv/", views.export, name="csv"),
    path("whom-to-call/import/", views.take_file, name="import"),
    path("whom-to-call/shipped/", views.shipped, name="shipped"),
    path("whom-to-call/new/", views.edit, name="new"),
    path("whom-to-call/<uuid:entry_id>/", views.edit, name="edit"),
    path("whom-to-call/<uuid:entry_id>/remove/", views.remove, name="remove"),
]
