"""HTTP requests by connections that are kept, new for each request, or pooled: docs/decisions/0004.

Each way is measured in a process of its own. The pool needs the package psycopg-pool, which nothing else here uses.
"""

import importlib.util
import io
import os
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

THREADS, SECONDS = 32, 8
WAYS = {
    "kept": {"CONN_MAX_AGE": 60},
    "new": {"CONN_MAX_AGE": 0},
    "pool": {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False, "OPTIONS": {"pool": {"min_size": 2, "max_size": 8}}},
}


def measure(way: str) -> str:
    sys.path.insert(0, str(Path(__file__).parents[1]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mydjango.settings")
    import django
    from django.conf import settings

    settings.DATABASES["default"].update(WAYS[way])
    django.setup()
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.core.wsgi import get_wsgi_application
    from django.db import connection
    from django.test import Client

    call_command("migrate", verbosity=0)
    client = Client()
    client.force_login(get_user_model().objects.get_or_create(username="bench", is_staff=True)[0])
    cookie = f"sessionid={client.cookies['sessionid'].value}"
    application = get_wsgi_application()
    took: list[float] = []
    end = time.monotonic() + SECONDS

    def ask() -> None:
        while time.monotonic() < end:
            began = time.perf_counter()
            environ = {
                "REQUEST_METHOD": "GET",
                "PATH_INFO": "/api/v1/runs/",
                "HTTP_HOST": "localhost",
                "HTTP_COOKIE": cookie,
            }
            environ |= {"SERVER_NAME": "localhost", "SERVER_PORT": "80", "wsgi.url_scheme": "http"}
            streams = {"wsgi.input": io.BytesIO(), "wsgi.errors": sys.stderr}
            response = application({**environ, **streams}, lambda status, headers: None)
            assert response.status_code == 200
            response.close()
            took.append(time.perf_counter() - began)

    threads = [threading.Thread(target=ask) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    peak = 0
    with connection.cursor() as cursor:
        while time.monotonic() < end:
            cursor.execute("SELECT count(*) - 1 FROM pg_stat_activity WHERE datname = current_database()")
            peak = max(peak, cursor.fetchone()[0])
            time.sleep(0.1)
    for thread in threads:
        thread.join()
    return (
        f"{way:<6} {len(took) / SECONDS:6.0f} requests/s   median {statistics.median(took) * 1000:6.1f} ms   "
        f"{peak} connections"
    )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(measure(sys.argv[1]), flush=True)
        os._exit(0)  # the pool's threads would be waited for
    print(f"{THREADS} threads ask for /api/v1/runs/:")
    for way in WAYS:
        if way == "pool" and importlib.util.find_spec("psycopg_pool") is None:
            print("pool   not measured: pip install psycopg-pool")
        else:
            subprocess.run([sys.executable, __file__, way], check=True)
