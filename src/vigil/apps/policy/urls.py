"""Where the policy's pages are."""

from django.urls import path

from vigil.apps.policy import views

app_name = "policy"

urlpatterns = [
    path("policy/", views.policy, name="policy"),
    path("policy/read/", views.acknowledge, name="acknowledge"),
    path("policy/pdf/", views.pdf, name="pdf"),
]
