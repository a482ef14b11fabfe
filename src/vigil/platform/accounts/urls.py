"""Login, logout, account."""

from django.urls import path

from vigil.platform.accounts import people_views, views

urlpatterns = [
    path("login/", views.login, name="login"),
    path("logout/", views.logout, name="logout"),
    path("account/", views.account, name="account"),
    path("theme/", views.theme, name="theme"),
    path("account/password/", views.password, name="password"),
    path("setup/people/", people_views.people, name="people"),
    path("setup/people/new/", people_views.new, name="new_person"),
    path("setup/people/<uuid:user_id>/", people_views.person, name="person"),
]
