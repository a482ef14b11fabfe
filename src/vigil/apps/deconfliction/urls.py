"""Where deconfliction's pages are. No address ever carries a place, a name or a case."""

from django.urls import path

from vigil.apps.deconfliction import agency_views, card_preview, views
from vigil.apps.deconfliction.alarms import conflict_views, duty_views
from vigil.apps.deconfliction.field_tools import tak_views
from vigil.apps.deconfliction.imports import import_views
from vigil.apps.deconfliction.lists import calendar_views, export_views, list_views
from vigil.apps.deconfliction.past import history_views, purge_views
from vigil.apps.deconfliction.plans import planning_views, series_views, timeline_views
from vigil.apps.deconfliction.probing import fishing_views
from vigil.apps.deconfliction.receipts import receipt_views
from vigil.apps.deconfliction.study import quality_views, study_views
from vigil.apps.deconfliction.subjects import subject_views
from vigil.apps.deconfliction.together import joint_views, task_force_views

app_name = "deconfliction"

urlpatterns = [
    path("", views.today, name="today"),
    path("operations/", views.operations, name="operations"),
    path("operations/export/<str:kind>/", export_views.export, name="operations_export"),
    path("operations/csv/", export_views.table_csv, {"table": "operations"}, name="operations_csv"),
    path("operations/selected/", list_views.selected, name="selected"),
    path("operations/views/", list_views.view_page, {"table": "operations"}, name="operations_views"),
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
    path("operations/<uuid:operation_id>/move/", planning_views.move, name="move"),
    path("operations/<uuid:operation_id>/fix-time/", planning_views.fix_time, name="fix_time"),
    path("operations/<uuid:operation_id>/split/", planning_views.split, name="split"),
    path("operations/<uuid:operation_id>/copy/", planning_views.copy, name="copy"),
    path("operations/<uuid:operation_id>/renew/", planning_views.renew, name="renew"),
    path("operations/<uuid:operation_id>/reason/", planning_views.reason, name="reason"),
    path("operations/<uuid:operation_id>/still-going/", planning_views.still_going, name="still_going"),
    path("calendar/", calendar_views.calendar_page, name="calendar"),
    path("calendar/<str:token>.ics", calendar_views.feed, name="calendar_feed"),
    path("operations/<uuid:operation_id>/repeat/", series_views.repeat_operation, name="repeat"),
    path("timeline/", timeline_views.timeline, name="timeline"),
    path("series/<uuid:series_id>/", series_views.one_series, name="series"),
    path("series/<uuid:series_id>/register/", series_views.go_on, name="series_go_on"),
    path("series/<uuid:series_id>/cancel/", series_views.cancel, name="series_cancel"),
    path("series/<uuid:series_id>/move/", series_views.move, name="series_move"),
    path("conflicts/", views.conflicts, name="conflicts"),
    path("conflicts/csv/", export_views.table_csv, {"table": "conflicts"}, name="conflicts_csv"),
    path("conflicts/views/", list_views.view_page, {"table": "conflicts"}, name="conflicts_views"),
    path("conflicts/<uuid:conflict_id>/", views.conflict, name="conflict"),
    path("conflicts/<uuid:conflict_id>/acknowledge/", conflict_views.acknowledge, name="acknowledge"),
    path("conflicts/<uuid:conflict_id>/contact/", conflict_views.contact, name="contact"),
    path("conflicts/<uuid:conflict_id>/resolve/", conflict_views.resolve, name="resolve"),
    path("conflicts/<uuid:conflict_id>/run-together/", joint_views.offer, name="joint_offer"),
    path("operations/<uuid:operation_id>/offers/<uuid:offer_id>/", joint_views.answer, name="joint_answer"),
    path("operations/<uuid:operation_id>/joint/<uuid:other_id>/leave/", joint_views.leave, name="joint_leave"),
    path("operations/read-card/", card_preview.read_card, name="read_card"),
    path("operations/read-subject/", subject_views.read_subject, name="read_subject"),
    path("interests/", subject_views.interest_list, name="interests"),
    path("interests/register/", subject_views.register_interest, name="interest_register"),
    path("interests/<uuid:operation_id>/renew/", subject_views.renew_interest, name="interest_renew"),
    path("operations/<uuid:operation_id>/task-force/", task_force_views.share, name="share"),
    path("task-forces/", task_force_views.task_force_list, name="task_forces"),
    path("task-forces/found/", task_force_views.found, name="task_force_found"),
    path("task-forces/<uuid:task_force_id>/members/", task_force_views.members, name="task_force_members"),
    path("task-forces/operations/<uuid:operation_id>/", task_force_views.shared, name="shared"),
    path("alarm-quality/", quality_views.quality_page, name="quality"),
    path("alarm-quality/csv/", quality_views.quality_csv, name="quality_csv"),
    path("study/", study_views.study_page, name="studies"),
    path("study/numbers/", study_views.numbers, name="study_numbers"),
    path("study/<uuid:study_id>/", study_views.study, name="study"),
    path("study/<uuid:study_id>/stop/", study_views.stop, name="study_stop"),
    path("study/<uuid:study_id>/csv/", study_views.study_csv, name="study_csv"),
    path("receipts/check/", receipt_views.check, name="check_receipt"),
    path("receipts/<int:number>/pdf/", receipt_views.pdf, name="receipt_pdf"),
    path("receipts/<int:number>/file/", receipt_views.as_file, name="receipt_file"),
    path("history/", history_views.past, name="history"),
    path("history/csv/", export_views.table_csv, {"table": "history"}, name="history_csv"),
    path("purge/", purge_views.purges, name="purges"),
    path("purge/hold/", purge_views.legal_hold, name="legal_hold"),
    path("looks/", subject_views.who_looked, name="looks"),
    path("fishing/", fishing_views.fishing, name="fishing"),
    path("fishing/<uuid:case_id>/", fishing_views.fishing_case, name="fishing_case"),
    path("fishing/<uuid:case_id>/zones/", fishing_views.fishing_zones, name="fishing_zones"),
    path("fishing/<uuid:case_id>/review/", fishing_views.review, name="fishing_review"),
    path("agency/budgets/", fishing_views.agency_budgets, name="agency_budgets"),
    path("agency/rules/", agency_views.agency_rules, name="agency_rules"),
    path("agency/on-call/", duty_views.on_call, name="on_call"),
    path("agency/deconflictor/", joint_views.agency_deconflictor, name="agency_deconflictor"),
    path("agency/tak/", tak_views.tak_server, name="tak_server"),
    path("agency/tak/remove/", tak_views.remove, name="tak_server_remove"),
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
