from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = "development-only"
USE_TZ = True
TIME_ZONE = "Europe/Berlin"
CELERY_TIMEZONE = "America/New_York"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django_celery_beat",
    "django_crontab",
    "django_q",
    "depot",
]
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": BASE_DIR / "db.sqlite3"}}
ROOT_URLCONF = "depot.urls"
CRONJOBS = [
    ("*/5 * * * *", "depot.cron.clean", ">> /tmp/clean.log 2>&1"),
    ("0 4 * * *", "django.core.management.call_command", ["stock"], {"shelf": 7}),
    ("0 5 * * *", "depot.cron.gone"),
]
CRON_CLASSES = ["depot.cron.CountStock", "depot.cron.Poll"]
Q_CLUSTER = {"name": "depot", "orm": "default", "timeout": 60, "retry": 90}
