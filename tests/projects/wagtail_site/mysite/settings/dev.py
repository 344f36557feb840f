from .base import *  # noqa: F403

DEBUG = True
SECRET_KEY = "only-for-development"
ALLOWED_HOSTS = ["*"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}  # noqa: F405
