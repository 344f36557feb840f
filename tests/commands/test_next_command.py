import json
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError

from tests.helpers.rows import a_pause, an_override


def test_it_lists_occurrences_by_the_jobs_clock_and_in_utc(says, declared, evening):
    declared("import_rates", schedule="0 15 16 * * MON-FRI", time_zone="Europe/Berlin")
    assert says("next", "import_rates", "-n", "3").splitlines() == [
        "import_rates: At 16:15, Monday to Friday, Europe/Berlin",
        "DUE (Europe/Berlin)             UTC                   FROM NOW",
        "Mon 2027-03-29 16:15:00 +02:00  2027-03-29 14:15:00Z  in 1 d",
        "Tue 2027-03-30 16:15:00 +02:00  2027-03-30 14:15:00Z  in 2 d",
        "Wed 2027-03-31 16:15:00 +02:00  2027-03-31 14:15:00Z  in 3 d",
    ]


def test_it_marks_what_a_change_of_the_clock_touches(says, declared, evening):
    declared("early", schedule="0 30 2 * * *", time_zone="Europe/Berlin")
    assert says("next", "early", "-n", "2").splitlines()[1:] == [
        "DUE (Europe/Berlin)             UTC                   FROM NOW  NOTE",
        "Sun 2027-03-28 03:30:00 +02:00  2027-03-28 01:30:00Z  in 5 h    02:30 doesn't exist: at 03:30 instead",
        "Mon 2027-03-29 02:30:00 +02:00  2027-03-29 00:30:00Z  in 1 d    –",
    ]


def test_it_says_where_an_override_ends_and_what_a_pause_skips(says, declared, evening):
    declared("early", schedule="0 30 2 * * *", time_zone="Europe/Berlin")
    an_override(
        "early",
        began_at=datetime(2027, 3, 27, 12, 0, tzinfo=UTC),
        until=datetime(2027, 3, 28, 12, 0, tzinfo=UTC),
        schedule="0 0 5,22 * * *",
        time_zone="UTC",
    )
    a_pause(
        "early", "bob", began_at=datetime(2027, 3, 27, 12, 0, tzinfo=UTC), until=datetime(2027, 3, 28, 0, 0, tzinfo=UTC)
    )
    assert says("next", "early", "-n", "3").splitlines() == [
        "early: At 05:00 and 22:00 every day, UTC, until Sun 2027-03-28 12:00:00 +00:00; "
        "then At 02:30 every day, Europe/Berlin",
        "DUE (UTC)                       UTC                   FROM NOW  NOTE",
        "Sat 2027-03-27 22:00:00 +00:00  2027-03-27 22:00:00Z  in 2 h    paused by bob",
        "Sun 2027-03-28 05:00:00 +00:00  2027-03-28 05:00:00Z  in 9 h    –",
        "Mon 2027-03-29 00:30:00 +00:00  2027-03-29 00:30:00Z  in 1 d    –",
    ]


def test_a_skipped_occurrence_may_be_touched_by_a_change_of_the_clock_too(says, declared, evening):
    declared("early", schedule="0 30 2 * * *", time_zone="Europe/Berlin")
    a_pause("early", "bob", began_at=datetime(2027, 3, 27, 12, 0, tzinfo=UTC))
    assert says("next", "early", "-n", "1").splitlines()[-1] == (
        "Sun 2027-03-28 03:30:00 +02:00  2027-03-28 01:30:00Z  in 5 h    paused by bob; "
        "02:30 doesn't exist: at 03:30 instead"
    )


def test_ten_are_listed_unless_asked_otherwise(says, declared, evening):
    declared("each_minute", schedule="* * * * *")
    assert len(says("next", "each_minute").splitlines()) == 2 + 10


def test_json_has_the_same(says, declared, evening):
    declared("early", schedule="0 30 2 * * *", time_zone="Europe/Berlin")
    assert json.loads(says("next", "early", "-n", "1", "--format", "json")) == [
        {
            "job": "early",
            "scheduled_for": "2027-03-28T01:30:00Z",
            "local": "2027-03-28T03:30:00+02:00",
            "time_zone": "Europe/Berlin",
            "note": "02:30 doesn't exist: at 03:30 instead",
        }
    ]


def test_a_job_that_never_comes_is_reported(says, declared, evening):
    declared("never", schedule="0 0 0 30 2 *")
    assert says("next", "never") == "never: Never: no day 30 in February, UTC\n"


@pytest.mark.parametrize("command", ["next", "dst"])
def test_what_has_no_schedule_is_refused_with_the_reason(says, declared, command):
    declared("fetch", command="succeeds")
    declared("load", command="succeeds", after="fetch")
    for job, sentence in {
        "fetch": "fetch has no schedule: it is started by hand.",
        "load": "load has no schedule: it runs after fetch.",
        "fecth": "No job is declared as 'fecth'. `manage.py jobs` lists them; did you mean 'fetch'?",
    }.items():
        with pytest.raises(CommandError) as refused:
            says(command, job)
        assert str(refused.value) == sentence


def test_a_number_of_none_is_refused(says):
    with pytest.raises(CommandError, match=r"'0' is not a number of occurrences. Write a number from 1 to 10000."):
        says("next", "early", "-n", "0")
