"""What a start of the worker imports, before the host calls anything. The times are in benchmarks/RESULTS.md."""

import json
import os
import subprocess
import sys

from django.conf import settings

# What a request, a ring or a run needs, and a start doesn't.
LATER = {
    *("azure.core", "azure.identity", "azure.storage", "msal", "cryptography", "requests", "opentelemetry"),
    *("jobs.admin", "jobs.api", "jobs.urls", "mydjango.urls", "django.contrib.auth.admin", "django.core.handlers"),
    *("rest_framework.views", "rest_framework.serializers", "drf_spectacular.openapi"),
    *("jobs.azure.calls", "jobs.azure.queue", "jobs.execution.worker", "jobs.ledger.settle"),
}
INDEX = """
import asyncio, json, sys
from pathlib import Path

import azure.functions, django
from jobs.localhost.worker import Worker

django.setup()
before = set(sys.modules)
functions = asyncio.run(Worker().index(Path({folder!r})))
print(json.dumps([len(functions), sorted(sys.modules), sorted(set(sys.modules) - before)]))
"""


def python(*arguments, **environment):
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "mydjango.settings", "PYTHONPATH": ".", **environment},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_start_imports_little_more_than_django_and_the_sdk():
    functions, loaded, more = json.loads(python("-c", INDEX.format(folder=str(settings.BASE_DIR))))
    assert functions > 4
    assert len(more) <= 12, more
    early = {name for name in loaded if any(f"{name}.".startswith(f"{later}.") for later in LATER)}
    assert not early


def test_a_queue_is_rung_by_a_process_that_has_not_imported_it_yet():
    """The doorbell's class is imported with the first ring; without a storage account it only logs."""
    script = (
        "import sys, django; django.setup()\n"
        "from jobs.ledger import doorbell\n"
        "print('azure.storage' in sys.modules); doorbell.ring(1); print('azure.storage' in sys.modules)"
    )
    assert python("-c", script, JOBS_DOORBELL="jobs.azure.queue.QueueDoorbell") == "False\nTrue\n"


def test_the_fork_server_imports_what_a_connection_by_token_needs():
    """Else each run would, for a third of a second."""
    script = (
        "import sys\n"
        "from jobs.execution.isolation import loading\n"
        "loading.load()\n"
        "print('azure.identity' in sys.modules)"
    )
    by_entra = {"DATABASE_ENTRA": "1", "DATABASE_URL": "postgresql://app@127.0.0.1:1/nightshift"}
    assert python("-c", script, **by_entra) == "True\n"


def test_checks_look_at_admin_classes_though_a_start_does_not_import_them(tmp_path):
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "admin.py").write_text(
        "from django.contrib import admin\nfrom django.contrib.auth.models import Permission\n\n\n"
        "@admin.register(Permission)\nclass Broken(admin.ModelAdmin):\n    list_display = ['colour']\n"
    )
    script = (
        "import sys, django; django.setup()\n"
        "from django.core.checks import run_checks\n"
        "from jobs.checks import with_commands\n"
        "with with_commands(): print(*[found.id for found in run_checks() if 'colour' in found.msg])"
    )
    environment = {"DJANGO_SETTINGS_MODULE": "tests.settings", "TEST_APPS": "shop"}
    assert python("-c", script, **environment, PYTHONPATH=f".:{tmp_path}") == "admin.E108\n"
