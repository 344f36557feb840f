import runpy
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from examples import rates
from jobs.declarations.graph import Graph
from jobs.declarations.registry import registry


@pytest.fixture
def declared(settings):
    """Reads the app's schedule.py again, for a laptop or a server; gives the jobs by name."""

    def read(local):
        settings.LOCAL = local
        registry.clear()
        runpy.run_path(str(Path(rates.__file__).with_name("schedule.py")))
        assert registry.problems == []
        return registry

    with registry.isolated():
        yield read


def test_the_rates_come_in_on_working_days_at_a_quarter_past_four_in_frankfurt(declared):
    schedule = declared(local=False)["import_rates"].schedule
    friday_in_summer = schedule.next(datetime(2026, 7, 31, tzinfo=UTC))
    assert friday_in_summer == datetime(2026, 7, 31, 14, 15, tzinfo=UTC)
    assert schedule.next(friday_in_summer) == datetime(2026, 8, 3, 14, 15, tzinfo=UTC)
    assert schedule.next(datetime(2026, 12, 1, tzinfo=UTC)) == datetime(2026, 12, 1, 15, 15, tzinfo=UTC)


def test_a_laptop_imports_each_minute(declared):
    assert declared(local=True)["import_rates"].schedule.period(datetime(2026, 7, 31, tzinfo=UTC)) == timedelta(
        minutes=1
    )


def test_the_report_follows_the_import(declared):
    steps = Graph(declared(local=False).values()).steps_after("import_rates")
    assert [step.name for step in steps] == ["rates_report"]
