import io
import os
from datetime import UTC, datetime

import pytest
from django.core.management import get_commands, load_command_class

from jobs.management.colours import HeedsNoColor
from jobs.management.printing import as_json, write


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_bytes_go_nowhere_once_nobody_reads():
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as stream:
        write(stream, b"one")
        write(stream, b"two")
        stream.write("three")


def test_moments_are_written_in_the_projects_zone(settings):
    noon = datetime(2026, 3, 14, 12, 0, 0, 250, tzinfo=UTC)
    assert as_json([{"at": noon}]) == '[\n  {\n    "at": "2026-03-14T12:00:00.000250Z"\n  }\n]'
    settings.TIME_ZONE = "Europe/Berlin"
    assert '"2026-03-14T13:00:00.000250+01:00"' in as_json([{"at": noon}])


@pytest.mark.parametrize("command", sorted(name for name, app in get_commands().items() if app == "jobs"))
def test_no_command_of_ours_colours_an_error_that_goes_to_a_file_or_where_no_color_is_set(command, monkeypatch):
    monkeypatch.setattr("sys.stdout", Terminal())
    made = load_command_class("jobs", command)
    assert isinstance(made, HeedsNoColor)
    monkeypatch.setattr(type(made), "handle", lambda self, **options: None)
    monkeypatch.setattr("django.core.management.base.BaseCommand.check", lambda self, **options: None)
    monkeypatch.delenv("TERM", raising=False)
    monkeypatch.delenv("NO_COLOR", raising=False)

    def colours(stderr, **options):
        made.execute(stderr=stderr, force_color=False, skip_checks=True, **{"no_color": False} | options)
        return "\x1b" in made.style.ERROR("no")

    assert colours(Terminal())
    assert not colours(io.StringIO())
    made = load_command_class("jobs", command)
    monkeypatch.setenv("NO_COLOR", "1")
    assert not colours(Terminal())
