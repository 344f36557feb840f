"""Nightshift's settings: their defaults, how they are read, and what is said of a value that can't be used."""

import re
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.test import override_settings

from jobs import conf as table
from jobs.conf import conf

JOBS = Path(table.__file__).parent
NAMES = [setting.name for setting in table.declared()]


@pytest.mark.parametrize("unset", [None, ""])
def test_a_setting_that_is_not_given_has_its_default(settings, unset):
    settings.JOBS_MAX_RUNNING = unset
    assert conf.JOBS_MAX_RUNNING == 4
    del settings.JOBS_MAX_RUNNING
    assert conf.JOBS_MAX_RUNNING == 4


def test_a_setting_is_read_when_it_is_asked_for():
    with override_settings(JOBS_MAX_RUNNING=7):
        assert conf.JOBS_MAX_RUNNING == 7
    assert conf.JOBS_MAX_RUNNING == 4


@pytest.mark.parametrize(
    ("local", "doorbell"),
    [
        (True, "jobs.ledger.doorbell.LocalDoorbell"),
        (False, "jobs.azure.queue.QueueDoorbell"),
        (None, "jobs.azure.queue.QueueDoorbell"),
    ],
)
def test_a_default_may_depend_on_another_setting(settings, local, doorbell):
    settings.LOCAL, settings.JOBS_DOORBELL = local, None
    assert doorbell == conf.JOBS_DOORBELL


@pytest.mark.parametrize(
    ("given", "local", "address"),
    [
        (None, False, "https://shop.azurewebsites.net"),
        ("https://jobs.example.com", False, "https://jobs.example.com"),
        (None, True, ""),
    ],
)
def test_the_dashboards_address_is_azures_unless_another_one_is_given(settings, monkeypatch, given, local, address):
    monkeypatch.setenv("WEBSITE_HOSTNAME", "shop.azurewebsites.net")
    settings.JOBS_URL, settings.LOCAL = given, local
    assert address == conf.JOBS_URL


def test_the_release_comes_from_the_environment(settings, monkeypatch):
    settings.JOBS_RELEASE = "a setting"
    monkeypatch.setenv("JOBS_RELEASE", "sha256:1")
    assert conf.JOBS_RELEASE == "sha256:1"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("JOBS_MAX_RUNNING", 0, "JOBS_MAX_RUNNING is 0. Write 1 or more."),
        ("JOBS_MAX_RUNNING", True, "JOBS_MAX_RUNNING is True. Write a whole number."),
        ("JOBS_MAX_INSTANCES", "2", "JOBS_MAX_INSTANCES is '2'. Write a whole number."),
        ("JOBS_FORK_SERVER_MAX_AGE", 59, "JOBS_FORK_SERVER_MAX_AGE is 59. Write 60 or more."),
        ("LOCAL", "0", "LOCAL is '0'. Write True or False."),
        ("JOBS_DOORBELL", 1, "JOBS_DOORBELL is 1. Write a string."),
        (
            "JOBS_CHANNEL_HOSTS",
            "https://hooks.corp.example",
            "JOBS_CHANNEL_HOSTS is 'https://hooks.corp.example'. Write names of hosts in lower case, without https:// "
            "and port: hooks.corp.example.",
        ),
        ("JOBS_CHANNELS", "slack://secret", "JOBS_CHANNELS is of the type str. Write a dictionary."),
        *(
            (
                "JOBS_SCHEMA",
                name,
                f"JOBS_SCHEMA is {name!r}. Write the name of a schema for Nightshift alone, such as 'nightshift': up "
                "to 63 lower-case letters, digits and _, beginning with a letter but not with pg_.",
            )
            for name in (
                "public",
                "Jobs",
                "my-jobs",
                'a"b',
                "pg_jobs",
                "1st",
                "_",
                "x" * 64,
                "information_schema",
                "a\n",
            )
        ),
    ],
)
def test_a_value_that_cannot_be_used_is_answered_with_a_sentence(name, value, sentence):
    with override_settings(**{name: value}), pytest.raises(ImproperlyConfigured) as caught:
        table.check()
    assert str(caught.value) == sentence


def test_good_values_of_other_types_are_accepted(tmp_path):
    with override_settings(JOBS_JOURNAL=tmp_path, TRACE_URL="http://traces.example.com/{trace_id}", LOCAL=None):
        table.check()


def test_each_meaning_is_one_sentence():
    assert [setting.name for setting in table.declared() if not re.fullmatch(r"[A-Z].*[^.]\.", setting.meaning)] == []


def test_no_other_module_reads_a_setting_of_ours_or_has_its_default():
    direct = re.compile(rf"settings[.,]\s*[\"']?({'|'.join(NAMES)})\b|environ.*(JOBS_RELEASE|JOBS_ADMIN)")
    others = [file for file in JOBS.rglob("*.py") if file.name != "conf.py"]
    assert [file.relative_to(JOBS) for file in others if direct.search(file.read_text())] == []
