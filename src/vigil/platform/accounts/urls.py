"""Login, logout, account."""

from django.urls import path

from vigil.platform.accounts import views

urlpatterns = [
    path("login/", views.login, name="login"),
    path("logout/", views.logout, name="logout"),
    path("account/", views.account, name="account"),
    path("theme/", views.theme, name="theme"),
]
