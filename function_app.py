"""What Azure Functions runs. Jobs are declared in each Django app's schedule.py; nothing is added here by hand."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mydjango.settings")

import django

django.setup()

from jobs.azure.functions import build  # noqa: E402 — and Django before the jobs

app = build()
