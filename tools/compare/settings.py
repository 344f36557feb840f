"""A project with the packages of requirements-compare.txt. COMPARE_HOME is the folder that a side may write to."""

import os
from pathlib import Path

import sentry_sdk

from mydjango.settings import *  # noqa: F403
from mydjango.settings import INSTALLED_APPS, MIDDLEWARE, TEMPLATES

HOME = Path(os.environ.get("COMPARE_HOME", "."))
INSTALLED_APPS = [
    "modeltranslation",
    *(app for app in INSTALLED_APPS if app != "jobs"),
    "django.contrib.sites",
    "rest_framework.authtoken",
    "rest_framework_simplejwt.token_blacklist",
    "auditlog",
    "axes",
    "compressor",
    "constance",
    "dbbackup",
    "django_extensions",
    "django_linear_migrations",
    "django_migration_linter",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_tasks_db",
    "easy_thumbnails",
    "guardian",
    "haystack",
    "import_export",
    "maintenance_mode",
    "oauth2_provider",
    "post_office",
    "reversion",
    "silk",
    "simple_history",
    "taggit",
    "waffle",
    "tools.compare.shop",
    "jobs",  # last: of commands with one name the package's is compared
]
# Some cases are wrong on purpose, and packages ask for files in the folders of ours.
SILENCED_SYSTEM_CHECKS = ["dlm.E001", "jobs.E003", "jobs.E004", "jobs.E022"]
MIDDLEWARE = [*MIDDLEWARE, "silk.middleware.SilkyMiddleware", "axes.middleware.AxesMiddleware"]
TEMPLATES[0]["OPTIONS"]["context_processors"].append("django.template.context_processors.debug")  # type: ignore[index]
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
ROOT_URLCONF = "tools.compare.urls"
SITE_ID = 1
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
MEDIA_ROOT = HOME / "media"
STATIC_ROOT = HOME / "static"
COMPRESS_ROOT = HOME / "static"
COMPRESS_OFFLINE = True
CONSTANCE_BACKEND = "constance.backends.memory.MemoryBackend"
CONSTANCE_CONFIG = {"GREETING": ("good day", "how the shop greets")}
HAYSTACK_CONNECTIONS = {"default": {"ENGINE": "haystack.backends.simple_backend.SimpleEngine"}}
MAINTENANCE_MODE_STATE_FILE_PATH = str(HOME / "maintenance.txt")
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    "table": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "shop_cache"},
}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "dbbackup": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(HOME / "backups")},
    },
}
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
LOGGING: dict[str, object] = {}

sentry_sdk.init(dsn=os.environ.get("COMPARE_DSN"), traces_sample_rate=0)
