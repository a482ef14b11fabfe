"""Where a login by the identity provider begins and comes back to. Included only where the extra is installed."""

from django.urls import path

from vigil.platform.sso import views

urlpatterns = [
    path("login/sso/", views.begin, name="sso_begin"),
    path("login/sso/back/", views.back, name="sso_back"),
    path("login/sso/answer/", views.answer, name="sso_answer"),
    path("login/sso/metadata/", views.metadata, name="sso_metadata"),
    path("account/login/sso/", views.bind, name="sso_bind"),
    path("account/login/sso/remove/", views.unbind, name="sso_unbind"),
]
