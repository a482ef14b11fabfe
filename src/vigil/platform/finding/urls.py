"""Where the search is. What is looked for is posted: no address holds it."""

from django.urls import path

from vigil.platform.finding import views

urlpatterns = [path("find/", views.find_page, name="find")]
