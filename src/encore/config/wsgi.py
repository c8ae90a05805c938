"""The application as a server loads it."""

import multiprocessing
import os
import threading

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "encore.config.settings")
application = get_wsgi_application()


def _end_with_server() -> None:
    """A worker whose server was killed would go on holding its port, with nobody to stop it."""
    server = multiprocessing.parent_process()
    if server is not None:
        server.join()
        os._exit(1)


threading.Thread(target=_end_with_server, daemon=True).start()
