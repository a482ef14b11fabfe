"""The one asynchronous address."""

from django.urls import path

from vigil.platform.notices.live import stream

urlpatterns = [path("stream", stream, name="live_stream")]
