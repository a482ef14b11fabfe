"""Where the pages of near misses are. A report's address is its random number in the drop, as a UUID."""

from django.urls import path

from vigil.apps.near_miss import library_views
from vigil.apps.near_miss.encounters import consent_views, encounter_views, study_views
from vigil.apps.near_miss.followup import recommendation_views
from vigil.apps.near_miss.foreign import import_views
from vigil.apps.near_miss.foreign import lesson_views as foreign_views
from vigil.apps.near_miss.learning import views as learning_views
from vigil.apps.near_miss.out import export_views, feed_views, subscription_views
from vigil.apps.near_miss.partners import partner_views
from vigil.apps.near_miss.review import report_views, review_views, seat_views

app_name = "near_miss"

urlpatterns = [
    path("near-miss/", library_views.library, name="library"),
    path("near-miss/lessons/json/", export_views.as_json, name="json"),
    path("near-miss/lessons/csv/", export_views.as_csv, name="csv"),
    path("near-miss/lessons/files/", export_views.files, name="files"),
    path("near-miss/lessons/dictionary/", export_views.dictionary, name="dictionary"),
    path("near-miss/lessons/<uuid:lesson>/roll-call/", export_views.roll_call, name="roll_call"),
    path("near-miss/lessons/<uuid:lesson>/", library_views.lesson, name="lesson"),
    path("near-miss/lessons/<uuid:lesson>/print/", library_views.sheet, name="sheet"),
    path("near-miss/lessons/<uuid:lesson>/recommend/", recommendation_views.recommend, name="recommend"),
    path("near-miss/digest/", subscription_views.digests, name="digests"),
    path("near-miss/digest/<str:month>/", subscription_views.one_digest, name="digest"),
    path("near-miss/subscription/", subscription_views.own, name="subscription"),
    path("near-miss/feed/", feed_views.own, name="feed"),
    path("near-miss/feed/<str:token>.atom", feed_views.atom, name="atom"),
    path("near-miss/recommendations/", recommendation_views.listing, name="recommendations"),
    path(
        "near-miss/recommendations/<uuid:recommendation>/", recommendation_views.recommendation, name="recommendation"
    ),
    path(
        "near-miss/recommendations/<uuid:recommendation>/edit/", recommendation_views.edit, name="edit_recommendation"
    ),
    path("near-miss/patterns/", learning_views.patterns, name="patterns"),
    path("near-miss/patterns/csv/", learning_views.as_csv, name="patterns_csv"),
    path("near-miss/cases/", study_views.listing, name="studies"),
    path("near-miss/cases/<uuid:study>/", study_views.study, name="study"),
    path("near-miss/cases/<uuid:study>/print/", study_views.sheet, name="study_sheet"),
    path("near-miss/encounters/", encounter_views.listing, name="encounters"),
    path("near-miss/encounters/new/", encounter_views.new, name="new_encounter"),
    path("near-miss/encounters/<uuid:encounter>/", encounter_views.encounter, name="encounter"),
    path("near-miss/encounters/<uuid:encounter>/print/", encounter_views.sheet, name="encounter_sheet"),
    path("near-miss/foreign/import/", import_views.bring, name="foreign_import"),
    path("near-miss/foreign/import/<uuid:upload_id>/", import_views.checked, name="foreign_check"),
    path("near-miss/foreign/remove/", import_views.remove, name="foreign_remove"),
    path("near-miss/consents/", consent_views.waiting, name="consents"),
    path("near-miss/foreign/<uuid:lesson>/", foreign_views.lesson, name="foreign_lesson"),
    path("near-miss/foreign/<uuid:lesson>/print/", foreign_views.sheet, name="foreign_sheet"),
    path("near-miss/foreign/json/<slug:source>/", foreign_views.as_json, name="foreign_json"),
    path("near-miss/review/", review_views.queue, name="queue"),
    path("near-miss/review/outcomes/", recommendation_views.untold, name="untold"),
    path("near-miss/review/key/", review_views.make_key, name="key"),
    path("near-miss/review/unlock/", review_views.unlock, name="unlock"),
    path("near-miss/review/lock/", review_views.lock, name="lock"),
    path("near-miss/review/who/", seat_views.who, name="who"),
    path("near-miss/review/who/<uuid:seat>/", seat_views.judge, name="judge"),
    path("near-miss/review/let-read/<uuid:seat>/", review_views.let_read, name="let_read"),
    path("near-miss/review/<uuid:report>/", report_views.report, name="report"),
    path("near-miss/partners/", partner_views.partners, name="partners"),
    path("near-miss/reviewers/", seat_views.reviewers, name="reviewers"),
    path("near-miss/reviewers/<uuid:seat>/end/", seat_views.end, name="end"),
]
