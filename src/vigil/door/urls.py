"""Every address of the door. None carries anything a person typed."""

from django.urls import path

from vigil.door import receipt_views, report_views, views

urlpatterns = [
    path("", views.start),
    path("report/", report_views.report),
    path("receipt/", receipt_views.receipt),
    path("protects/", views.protects),
    path("help/", views.help_page),
    path("style.css", views.style),
    path("work.js", views.script, {"name": "work"}),
    path("back.js", views.script, {"name": "back"}),
    path("fonts/<str:name>", views.font),
]
handler400 = "vigil.door.views.bad_request"
handler404 = "vigil.door.views.not_found"
handler500 = "vigil.door.views.failed"
