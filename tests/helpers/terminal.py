"""What our commands print, as on a terminal."""

from io import StringIO

import pytest
from django.core.management import call_command


@pytest.fixture(autouse=True)
def terminal(monkeypatch):
    """A terminal of 120 columns; `terminal(80)` makes it narrower."""

    def be_wide(columns):
        monkeypatch.setenv("COLUMNS", str(columns))

    be_wide(120)
    return be_wide


@pytest.fixture
def says(db):
    """What a command of ours prints."""

    def run_command(*words, **options):
        out = StringIO()
        call_command(*words, stdout=out, **options)
        return out.getvalue()

    return run_command
