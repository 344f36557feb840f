"""What a project's settings need besides, so that its commands run here and only Nightshift's pages are served."""

import os
from collections.abc import MutableMapping, Sequence
from pathlib import Path
from typing import Any

from jobs.beside.deployment import by_identity, for_a_deployment, for_a_laptop
from jobs.conf import declared
from jobs.setting import Variable

# In the order of MIDDLEWARE: the probe is answered before anything that could be in its way.
FIRST = ("jobs.middleware.HealthProbeMiddleware", "jobs.middleware.BadRequestMiddleware")
SECURITY = "django.middleware.security.SecurityMiddleware"
WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware"
# Where the project's own middleware has said who asks.
LAST = ("jobs.middleware.SignInThrottleMiddleware", "jobs.middleware.AppServiceMiddleware")
THEN = ("jobs.beside.middleware.OwnUrlsMiddleware", "jobs.middleware.MigrationGateMiddleware")
# `generateschema` is ours, so ours stands before rest_framework.
APPS = ("jobs", "rest_framework", "drf_spectacular")
NEEDED = ("django.contrib.contenttypes", "django.contrib.auth")
STATIC = "django.contrib.staticfiles"


def add_nightshift(settings: MutableMapping[str, Any]) -> None:
    """Add Nightshift to these settings, which are those of a module that has imported the project's.

    The project's own lists are copied, not changed. Its URLs keep their names, so that commands and pages can reverse
    them, and aren't served, unless JOBS_SERVE_PROJECT=1 is in the environment.
    """
    for setting in declared():
        if not (isinstance(setting, Variable) or setting.is_python) and (given := os.environ.get(setting.name)):
            settings[setting.name] = setting.read(given)
    local = settings.setdefault("LOCAL", False)
    if "drf_spectacular" not in settings.get("INSTALLED_APPS", ()):
        # Its check at deployment is an error for views without its schemas, such as the project's may be.
        described = settings.get("SPECTACULAR_SETTINGS", {})
        settings["SPECTACULAR_SETTINGS"] = {"ENABLE_DJANGO_DEPLOY_CHECK": False, **described}
    settings["INSTALLED_APPS"] = _apps(settings.get("INSTALLED_APPS", ()))
    settings["MIDDLEWARE"] = _middleware(settings.get("MIDDLEWARE", ()))
    settings["JOBS_URLCONF"] = "jobs.beside.urls"
    _static_files(settings, local=local)
    by_identity(settings)
    (for_a_laptop if local else for_a_deployment)(settings)


def _apps(installed: Sequence[str]) -> list[str]:
    apps = [*installed]
    apps += [app for app in (*NEEDED, STATIC) if app not in apps]
    place = apps.index("rest_framework") if "rest_framework" in apps else len(apps)
    missing = [app for app in APPS if app not in apps]
    return [*apps[:place], *missing, *apps[place:]]


def _middleware(theirs: Sequence[str]) -> list[str]:
    names = [name for name in theirs if name not in {*FIRST, *THEN, *LAST}]
    # Behind it WhiteNoise answers with the headers that it sets; without it, at the front.
    place = names.index(SECURITY) + 1 if SECURITY in names else 0
    whitenoise = [] if WHITENOISE in names else [WHITENOISE]
    return [*FIRST, *names[:place], *whitenoise, *THEN, *names[place:], *LAST]


def _static_files(settings: MutableMapping[str, Any], *, local: bool) -> None:
    """The files of Nightshift's pages lie in the image, wherever the project's site has its own."""
    base = Path(settings.get("BASE_DIR") or Path.cwd())
    settings["STATIC_URL"] = "/static/"
    settings["STATIC_ROOT"] = settings.get("STATIC_ROOT") if local else base / "staticfiles"
    settings["WHITENOISE_USE_FINDERS"] = local
    storage = "whitenoise.storage.CompressedStaticFilesStorage"
    staticfiles = "django.contrib.staticfiles.storage.StaticFilesStorage" if local else storage
    default = {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}
    settings["STORAGES"] = {**default, **settings.get("STORAGES", {}), "staticfiles": {"BACKEND": staticfiles}}
