"""Login, logout, account."""

from django.urls import path

from vigil.platform.accounts import (
    asking_views,
    factor_views,
    life_views,
    lock_views,
    people_views,
    pin_views,
    session_views,
    views,
    way_back_views,
)

urlpatterns = [
    path("login/", views.login, name="login"),
    path("login/passkey/", factor_views.passkey_login, name="passkey_login"),
    path("login/second/", factor_views.second, name="second_factor"),
    path("account/login/", factor_views.own, name="factors"),
    path("account/login/passkey/", factor_views.passkey, name="passkey"),
    path("account/login/app/", factor_views.app, name="app"),
    path("account/login/codes/", factor_views.codes, name="recovery_codes"),
    path("account/login/remove/", factor_views.remove, name="remove_factor"),
    path("account/login/end/", session_views.end, name="end_session"),
    path("account/confirm/", factor_views.confirm, name="confirm"),
    path("account/confirm/passkey/", factor_views.confirm_passkey, name="confirm_passkey"),
    path("session/", session_views.session, name="session"),
    path("logout/", views.logout, name="logout"),
    path("account/", views.account, name="account"),
    path("theme/", views.theme, name="theme"),
    path("account/pin/", pin_views.pin, name="telephone_pin"),
    path("account/password/", views.password, name="password"),
    path("locks/", lock_views.locks, name="locks"),
    path("account/ask/", asking_views.ask, name="ask_account"),
    path("account/requests/", asking_views.own, name="account_requests"),
    path("accounts/", life_views.accounts, name="accounts"),
    path("accounts/requests/<uuid:request_id>/", asking_views.decide, name="decide_request"),
    path("accounts/review/", life_views.review, name="account_review"),
    path("accounts/review/csv/", life_views.review_csv, name="account_review_csv"),
    path("accounts/lend/", life_views.lend, name="lend"),
    path("accounts/invite/", life_views.invite, name="invite"),
    path("way-back/", way_back_views.help_in, name="way_back"),
    path("setup/people/", people_views.people, name="people"),
    path("setup/people/new/", people_views.new, name="new_person"),
    path("setup/people/<uuid:user_id>/", people_views.person, name="person"),
]
