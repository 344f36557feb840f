"""Everything that two deployments differ in comes from the environment, through `env`."""

import os
from pathlib import Path

from django.utils.csp import CSP

from mydjango import database, env

BASE_DIR = Path(__file__).resolve().parent.parent
LOCAL = env.flag("LOCAL")

SECRET_KEY = env.text("SECRET_KEY", "only-for-this-laptop-never-for-a-server" if LOCAL else None)
DEBUG = env.flag("DEBUG", default=False)
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"] if LOCAL else [])
# Azure sets the app's host name.
if "WEBSITE_HOSTNAME" in os.environ:
    ALLOWED_HOSTS.append(os.environ["WEBSITE_HOSTNAME"])

INSTALLED_APPS = [
    "django.contrib.admin.apps.SimpleAdminConfig",  # no admin.py is imported before the first request
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "jobs",  # before rest_framework: `generateschema` is ours
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",  # Swagger UI at /api/v1/docs/
    "examples.rates",
    *(["examples.sample"] if LOCAL and env.flag("SAMPLE") else []),  # make run ARGS=--sample
]
MIDDLEWARE = [
    "jobs.middleware.HealthProbeMiddleware",  # first: Azure's probe has another host and no TLS
    "jobs.middleware.BadRequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.csp.ContentSecurityPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "jobs.middleware.MigrationGateMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "jobs.middleware.SignInThrottleMiddleware",
    "jobs.middleware.AppServiceMiddleware",  # last of those that say who asks
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "mydjango.urls"
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

DATABASES = {
    "default": (
        database.embedded()
        if LOCAL and not os.environ.get("DATABASE_URL")
        else (database.by_entra if env.flag("DATABASE_ENTRA") else database.from_url)(env.text("DATABASE_URL"))
    )
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
# Azure's front end encodes cookies again, and a message that is kept in one fails its signature.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
LOGIN_URL = "nightshift:sign_in"

LANGUAGE_CODE = "en-us"
TIME_ZONE = env.text("TIME_ZONE", "UTC")
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = None if LOCAL else BASE_DIR / "staticfiles"  # WhiteNoise finds the files themselves on a laptop
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if LOCAL
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}
WHITENOISE_USE_FINDERS = LOCAL

# The worker of Azure Functions ships what its own root handler gets. No handler is set here, or no log would leave.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    # Azure's packages log each request and each token that they get: only what goes wrong is of use.
    "loggers": {"jobs": {"level": env.text("LOG_LEVEL", "INFO")}, "azure": {"level": "WARNING"}},
}

REST_FRAMEWORK = {
    # No HTTP Basic, which DRF allows by itself: passwords could be tried without end, on the threads of the runs.
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    # No pages: those of DRF's browsable API break the Content-Security-Policy.
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 50,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_VERSIONING_CLASS": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Nightshift",
    "DESCRIPTION": "Scheduled Django jobs, serverless, on Azure Functions.",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
}

if not LOCAL:
    # TLS ends at Azure's front end, which sets this header and drops one that a client sends.
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_SSL_REDIRECT = True
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
# Pages take everything from here and nothing from elsewhere; no script and no style stands in a page itself.
SECURE_CSP = {
    "default-src": [CSP.SELF],
    "img-src": [CSP.SELF, "data:"],
    "object-src": [CSP.NONE],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.SELF],
    "frame-ancestors": [CSP.NONE],
}
CSRF_TRUSTED_ORIGINS = env.origins("CSRF_TRUSTED_ORIGINS")

# Nightshift's own. jobs/conf.py says what each means, and has the default of those that the environment doesn't set.
APPLICATIONINSIGHTS_CONNECTION_STRING = env.given("APPLICATIONINSIGHTS_CONNECTION_STRING")
OTEL_EXPORTER_OTLP_ENDPOINT = env.given("OTEL_EXPORTER_OTLP_ENDPOINT")
TRACE_URL = env.given("TRACE_URL")
JOBS_MAX_RUNNING = env.whole_number("JOBS_MAX_RUNNING")
JOBS_MAX_INSTANCES = env.whole_number("JOBS_MAX_INSTANCES")
JOBS_FORK_SERVER_MAX_AGE = env.whole_number("JOBS_FORK_SERVER_MAX_AGE")
JOBS_KEEP_DAYS = env.whole_number("JOBS_KEEP_DAYS")
JOBS_KEEP_RUNS = env.whole_number("JOBS_KEEP_RUNS")
JOBS_KEEP_OUTPUT_DAYS = env.whole_number("JOBS_KEEP_OUTPUT_DAYS")
JOBS_KEEP_FAILED_DAYS = env.whole_number("JOBS_KEEP_FAILED_DAYS")
JOBS_ALERTS = env.given("JOBS_ALERTS")
# Written here, with what is secret from the environment: docs/reference/settings.md.
JOBS_CHANNELS: dict[str, dict[str, str]] = {}
JOBS_CHANNEL_HOSTS = env.given("JOBS_CHANNEL_HOSTS")
JOBS_HEARTBEAT_URL = env.given("JOBS_HEARTBEAT_URL")
JOBS_SENTRY_CRONS = env.flag("JOBS_SENTRY_CRONS", default=True)
JOBS_URL = env.given("JOBS_URL")
JOBS_DOORBELL = env.given("JOBS_DOORBELL")
JOBS_JOURNAL = env.given("JOBS_JOURNAL")
JOBS_SCHEMA = env.given("JOBS_SCHEMA")
JOBS_TRUST_APP_SERVICE_AUTH = env.flag("JOBS_TRUST_APP_SERVICE_AUTH", default=False)
JOBS_ENTRA_TENANT = env.given("JOBS_ENTRA_TENANT")
JOBS_ENTRA_AUDIENCE = env.given("JOBS_ENTRA_AUDIENCE")
AZURE_AUTHORITY_HOST = env.given("AZURE_AUTHORITY_HOST")
JOBS_OIDC_ISSUER = env.given("JOBS_OIDC_ISSUER")
JOBS_OIDC_CLIENT_ID = env.given("JOBS_OIDC_CLIENT_ID")
JOBS_OIDC_CLIENT_SECRET = env.given("JOBS_OIDC_CLIENT_SECRET")
JOBS_OIDC_GROUPS = env.given("JOBS_OIDC_GROUPS")
JOBS_API_RATE = env.whole_number("JOBS_API_RATE")
