"""The Django project of a peer: Django's own apps and the command that does nothing, which is less than ours loads."""

import os

from psycopg.conninfo import conninfo_to_dict

SECRET_KEY = "not-a-secret"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "benchmarks",
    *os.environ.get("PEER_APPS", "").split(),
]
_url = conninfo_to_dict(os.environ["DATABASE_URL"])
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 60,
        **{key: _url.get(key.lower(), "") for key in ("HOST", "PORT", "USER", "PASSWORD")},
        "NAME": _url["dbname"],
    }
}
USE_TZ = True
SILENCED_SYSTEM_CHECKS = ["admin.E403", "admin.E408", "admin.E409", "admin.E410"]  # nobody opens a page
REDIS = int(os.environ.get("REDIS_PORT", "0"))
REDIS_DATABASE = os.environ.get("REDIS_DATABASE", "0")
Q_CLUSTER = {
    "name": "benchmarks",
    "workers": 4,
    "recycle": 1,
    "timeout": 600,
    "retry": 900,
    "log_level": "ERROR",
    "save_limit": 0,  # keep all
    # How often, in seconds, it looks whether a worker has ended: by itself twice a second, and it would wait for most.
    "guard_cycle": 0.1,
    "redis": {"host": "127.0.0.1", "port": REDIS},
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
