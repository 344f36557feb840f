"""What a job's secret arguments are called is checked with its command."""

import pytest
from django.core.management.base import BaseCommand

from jobs import checks
from jobs.declarations.parameters import judging
from tests.helpers.findings import findings


@pytest.fixture
def a_command(monkeypatch):
    class Command(BaseCommand):
        def add_arguments(self, parser):
            adding = parser.add_subparsers()
            upload = adding.add_parser("upload", aliases=["up"])
            upload.add_argument("--to-token")
            upload.add_argument("password")
            upload.add_argument("--pin")

    monkeypatch.setattr(judging, "get_commands", lambda: {"sends": Command()})
    judging._parser.cache_clear()
    yield
    judging._parser.cache_clear()


def test_a_secret_option_that_the_command_doesnt_have_is_reported(a_command, declared):
    declared("sends", secrets=["--pin", "--password"])
    assert findings(checks.commands)[0] == (
        "jobs.E026",
        "secrets of job 'sends' has '--password', which is no option of sends.",
        "`manage.py help sends` lists its options: write one as '--token'.",
    )


def test_a_secret_that_is_given_by_its_place_is_named(a_command, declared):
    declared("sends", "up", "hunter2")
    assert findings(checks.commands) == [
        (
            "jobs.I002",
            "The command 'sends' of job 'sends' takes password without an option: it isn't masked.",
            "Only values of options are masked where arguments are shown. Make it an option.",
        )
    ]
