"""Where the auditor's pages are."""

from django.urls import path

from vigil.platform.audit import views

app_name = "audit"
urlpatterns = [
    path("audit/", views.review, name="review"),
    path("audit/sign/", views.sign, name="sign"),
    path("audit/records/", views.records, name="records"),
    path("audit/records/csv/", views.records_csv, name="records_csv"),
    path("audit/head/", views.head, name="head"),
]
