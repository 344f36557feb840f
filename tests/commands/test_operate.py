"""The session in docs/how-to/operate.md: each command is run in a process, and prints what stands there.

Times, durations and names of people are read over. Ids have to be the same wherever they are the same on the page.
"""

import os
import re
import shlex
import subprocess
import sys
from datetime import timedelta

import pytest
from django.utils import timezone

from jobs.declarations.registry import registry
from jobs.ledger import sql
from jobs.models import Gap
from tests.localhost.hosts import ROOT, ProjectHost

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(400)]
COMMAND = """
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("--day", default="yesterday")

    def handle(self, *, day, **options):
        self.stdout.write(f"Asking for the orders of {day}.")
        if Path({marker!r}).exists():
            raise CommandError("The supplier has sent no file.")
        return "40 orders imported."
"""
SCHEDULE = """
from jobs import declare

declare("import_orders", schedule="0 0 {night} * * *")
"""
VOLATILE = [
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?(\.\d+)?( UTC|Z|\+00:00)?…?|\b\d\d:\d\d(:\d\d)?\b", "TIME"),
    (r"\d+(\.\d+)? (s|min|h|d)\b( \d+ (s|min|h)\b)?( ago)?|\bnow\b", "DURATION"),
    (r"[\w.-]+@[\w.-]+", "WHO"),
    (r"\s+", " "),
]
# On the page they have three digits, here four.
PAGES_ID = re.compile(r"(?<![\d:-])[2-9]\d\d(?![\d-]|:\d)")
ID = re.compile(r"(?<![\d:-])[3-9]\d{3}(?![\d-]|:\d)")


def session():
    """Each command with what it prints, as the page has it."""
    page = (ROOT / "docs/how-to/operate.md").read_text()
    for block in re.findall(r"^```console\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, said = part.partition("\n")
            yield line, said


def steady(text):
    for pattern, word in VOLATILE:
        text = re.sub(pattern, word, text)
    return text.strip()


def with_ids(text, ids):
    return PAGES_ID.sub(lambda found: ids.get(found[0], found[0]), text)


@pytest.fixture
def shop(tmp_path, database_url, declared):
    """A project's app with a nightly job, a host that runs it, a run that failed, and three nights without a host."""
    noon = timezone.now().replace(minute=0, second=0, microsecond=0)
    night = (noon + timedelta(hours=12)).hour  # far from now: nothing is due meanwhile
    no_file = tmp_path / "no-file"
    commands = tmp_path / "shop/management/commands"
    commands.mkdir(parents=True)
    (commands / "import_orders.py").write_text(COMMAND.replace("{marker!r}", repr(str(no_file))))
    (tmp_path / "shop/schedule.py").write_text(SCHEDULE.format(night=night))
    declared("import_orders", command="succeeds", schedule=f"0 0 {night} * * *")
    for table, last in [("run", 3000), ("gap", 5000)]:
        sql.execute(f"SELECT setval(pg_get_serial_sequence('nightshift_{table}', 'id'), {last})")
    environment = {"TEST_APPS": "shop", "PYTHONPATH": f"{tmp_path}:{ROOT}"}
    host = ProjectHost(database_url, tmp_path / "host", **environment)

    def manage(line):
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *shlex.split(line)[1:]],
            cwd=tmp_path,
            env=os.environ | environment | {"LOCAL": "1", "DJANGO_SETTINGS_MODULE": "tests.settings", "COLUMNS": "120"},
            capture_output=True,
            text=True,
        )
        return done.stdout + done.stderr

    try:
        no_file.touch()
        manage("manage.py run import_orders --wait")
        no_file.unlink()
        last = noon - timedelta(hours=12)
        Gap.objects.create(
            job="import_orders",
            fingerprint=registry["import_orders"].fingerprint,
            first=last - timedelta(days=2),
            last=last,
            count=3,
            fate="missed",
            reason="too_late",
        )
        yield manage
    finally:
        host.kill()


def test_each_command_prints_what_the_page_says(shop):
    ids = {}
    for line, expected in session():
        said = shop(with_ids(line, ids) if ids else line)
        for ours, real in zip(PAGES_ID.findall(steady(expected)), ID.findall(steady(said)), strict=False):
            ids.setdefault(ours, real)
        assert steady(said) == with_ids(steady(expected), ids), f"$ {line}\n{said}"
    assert len(ids) == len(set(ids.values())) == 6
