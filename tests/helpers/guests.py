"""Apps that a test writes, for the processes that runs come from."""

from textwrap import dedent

import pytest

from jobs.execution.isolation import client, process

COMMAND = """
from django.core.management.base import BaseCommand

{before}

class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("words", nargs="*")

    def handle(self, *, words, **options):
{handle}
"""


@pytest.fixture
def guest(tmp_path, monkeypatch):
    """Write an app with commands; it is installed, and its jobs declared, in the processes that runs come from."""
    process._logged.clear()
    folder = tmp_path / "guest"
    commands = folder / "management" / "commands"
    commands.mkdir(parents=True)
    for package in (folder, commands.parent, commands):
        (package / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("TEST_APPS", "guest")
    client.server.stop()

    def write(*, ready="pass", **written):
        (folder / "apps.py").write_text(
            "from django.apps import AppConfig\n\nclass Guest(AppConfig):\n    name = 'guest'\n    def ready(self):\n"
            + _indented(ready, 8)
        )
        for name, (before, handle) in written.items():
            code = COMMAND.format(before=dedent(before), handle=_indented(handle, 8))
            (commands / f"{name}.py").write_text(code)
        declarations = "".join(f"declare({name!r})\n" for name in written)
        (folder / "schedule.py").write_text(f"from jobs import declare\n{declarations}")

    yield write
    client.server.stop()


def _indented(code, by):
    return "".join(" " * by + line + "\n" for line in dedent(code).strip().splitlines())
