"""Where deconfliction's pages are. No address ever carries a place, a name or a case."""

from django.urls import path

from vigil.apps.deconfliction import import_views, joint_views, subject_views, task_force_views, views

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
    path("conflicts/<uuid:conflict_id>/run-together/", joint_views.offer, name="joint_offer"),
    path("operations/<uuid:operation_id>/offers/<uuid:offer_id>/", joint_views.answer, name="joint_answer"),
    path("operations/<uuid:operation_id>/joint/<uuid:other_id>/leave/", joint_views.leave, name="joint_leave"),
    path("operations/read-card/", joint_views.read_card, name="read_card"),
    path("operations/read-subject/", subject_views.read_subject, name="read_subject"),
    path("interests/", subject_views.interest_list, name="interests"),
    path("interests/register/", subject_views.register_interest, name="interest_register"),
    path("interests/<uuid:operation_id>/renew/", subject_views.renew_interest, name="interest_renew"),
    path("operations/<uuid:operation_id>/task-force/", task_force_views.share, name="share"),
    path("task-forces/", task_force_views.task_force_list, name="task_forces"),
    path("task-forces/found/", task_force_views.found, name="task_force_found"),
    path("task-forces/<uuid:task_force_id>/members/", task_force_views.members, name="task_force_members"),
    path("task-forces/operations/<uuid:operation_id>/", task_force_views.shared, name="shared"),
    path("looks/", subject_views.who_looked, name="looks"),
    path("node/deconflictor/", joint_views.deconflictor, name="deconflictor"),
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
