import os
from datetime import UTC, datetime

from jobs.management.printing import as_json, write


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
