"""The WSGI application: pages and API, served from a fixed pool of threads."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vigil.config.settings")
application = get_wsgi_application()
