"""Where deconfliction's pages are. No address ever carries a place, a name or a case."""

from django.urls import path

from vigil.apps.deconfliction import import_views, views

app_name = "deconfliction"

urlpatterns = [
    path("", views.today, name="today"),
    path("operations/", views.operations, name="operations"),
    path("operations/csv/", views.operations_csv, name="operations_csv"),
    path("operations/register/", views.register, name="register"),
    path("operations/draft/", views.save_draft, name="draft"),
    path("operations/draft/<uuid:draft_id>/discard/", views.discard_draft, name="discard"),
    path("operations/read-place/", views.read_place, name="read_place"),
    path("operations/read-times/", views.read_times, name="read_times"),
    path("operations/<uuid:operation_id>/", views.operation, name="operation"),
    path("operations/<uuid:operation_id>/edit/", views.edit, name="edit"),
    path("operations/<uuid:operation_id>/cancel/", views.cancel, name="cancel"),
    path("operations/<uuid:operation_id>/restore/", views.restore, name="restore"),
    path("operations/<uuid:operation_id>/end/", views.end, name="end"),
    path("operations/<uuid:operation_id>/still-on-scene/", views.extend, name="extend"),
    path("conflicts/", views.conflicts, name="conflicts"),
    path("conflicts/csv/", views.conflicts_csv, name="conflicts_csv"),
    path("conflicts/<uuid:conflict_id>/", views.conflict, name="conflict"),
    path("conflicts/<uuid:conflict_id>/acknowledge/", views.acknowledge, name="acknowledge"),
    path("conflicts/<uuid:conflict_id>/contact/", views.contact, name="contact"),
    path("conflicts/<uuid:conflict_id>/resolve/", views.resolve, name="resolve"),
    path("map/", views.map_page, name="map"),
    path("map/zones/", views.zones, name="zones"),
    path("map/towns/", views.towns, name="towns"),
    path("import/", import_views.import_page, name="import"),
    path("import/<uuid:upload_id>/columns/", import_views.map_columns, name="import_map"),
    path("import/<uuid:upload_id>/check/", import_views.check, name="import_check"),
    path("import/runs/<uuid:batch_id>/", import_views.run, name="import_run"),
    path("import/runs/<uuid:batch_id>/stop/", import_views.stop, name="import_stop"),
    path("notices/<uuid:notice_id>/", views.notice, name="notice"),
]
