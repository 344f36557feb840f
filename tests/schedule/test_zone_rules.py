"""Which rules a zone has in this process, wherever they come from."""

import zoneinfo

import pytest

from jobs.schedule.zones import rules_of, same_clock


@pytest.fixture(autouse=True)
def read_again():
    rules_of.cache_clear()
    yield
    rules_of.cache_clear()


@pytest.fixture
def no_system_files(monkeypatch):
    """As in a slim image, which has the package tzdata alone."""
    monkeypatch.setattr(zoneinfo, "TZPATH", ())


def test_without_the_systems_files_the_rules_are_the_packages(no_system_files):
    assert rules_of("Europe/Berlin") not in {"", rules_of("Europe/London")}
    assert same_clock("Europe/Kiev", "Europe/Kyiv")


def test_the_systems_files_come_first(tmp_path, monkeypatch):
    monkeypatch.setattr(zoneinfo, "TZPATH", (str(tmp_path),))
    (tmp_path / "Europe").mkdir()
    (tmp_path / "Europe/Berlin").write_bytes(b"rules of the system's own")
    berlin = rules_of("Europe/Berlin")
    rules_of.cache_clear()
    monkeypatch.setattr(zoneinfo, "TZPATH", ())
    assert berlin != rules_of("Europe/Berlin")


def test_two_zones_that_nobody_knows_are_not_one_clock(no_system_files):
    assert rules_of("Mars/Olympus") == ""
    assert not same_clock("Mars/Olympus", "Mars/Elysium")
    assert same_clock("Mars/Olympus", "Mars/Olympus")
