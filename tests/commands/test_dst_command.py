import json

import pytest
from django.core.management import CommandError


def test_it_marks_what_the_changes_of_a_year_do(says, declared):
    declared("early", schedule="0 30 2 * * *", time_zone="Europe/Berlin")
    assert says("dst", "early", "--year", "2027").splitlines() == [
        "On Sunday, 2027-03-28 the clock of Europe/Berlin goes forward by 1 h, from 02:00 to 03:00.",
        "       TIME   WHAT HAPPENS                     DUE (UTC)",
        "moved  02:30  doesn't exist: at 03:30 instead  2027-03-28 01:30:00Z",
        "On Sunday, 2027-10-31 the clock of Europe/Berlin goes back by 1 h, from 03:00 to 02:00.",
        "         TIME   WHAT HAPPENS                      DUE (UTC)",
        "dropped  02:30  comes twice: the first time only  2027-10-31 00:30:00Z",
    ]


def test_an_interval_is_doubled_and_many_have_one_row(says, declared):
    declared("often", schedule="0 * * * * *", time_zone="Australia/Lord_Howe")
    assert says("dst", "often", "--year", "2027").splitlines() == [
        "On Sunday, 2027-04-04 the clock of Australia/Lord_Howe goes back by 30 min, from 02:00 to 01:30.",
        "         TIME            WHAT HAPPENS                                 DUE (UTC)",
        "doubled  01:30 to 01:59  30 times; the first comes twice: both times  2027-04-03 14:30:00Z and "
        "2027-04-03 15:00:00Z",
        "On Sunday, 2027-10-03 the clock of Australia/Lord_Howe goes forward by 30 min, from 02:00 to 02:30.",
        "         TIME            WHAT HAPPENS                                                      DUE (UTC)",
        "dropped  02:00 to 02:29  30 times; the first doesn't exist, and 02:30 is due anyway: once  2027-10-02 "
        "15:30:00Z",
    ]


def test_a_lost_day_is_reported(says, declared):
    declared("weekly", schedule="0 0 9 * * FRI", time_zone="Pacific/Apia")
    assert says("dst", "weekly", "--year", "2011").splitlines()[-3:] == [
        "On Friday, 2011-12-30 the clock of Pacific/Apia goes forward by 1 d, from 00:00 to 00:00 on 2011-12-31.",
        "       TIME   WHAT HAPPENS                                DUE (UTC)",
        "moved  09:00  doesn't exist: at 2011-12-31 09:00 instead  2011-12-30 19:00:00Z",
    ]


def test_where_nothing_is_touched_it_says_so(says, declared):
    declared("noon", schedule="0 0 12 * * *", time_zone="Africa/Casablanca")
    assert says("dst", "noon", "--year", "2026").splitlines() == [
        "On Sunday, 2026-02-15 the clock of Africa/Casablanca goes back by 1 h, from 03:00 to 02:00.",
        "It affects no occurrence of noon.",
        "On Sunday, 2026-03-22 the clock of Africa/Casablanca goes forward by 1 h, from 02:00 to 03:00.",
        "It affects no occurrence of noon.",
    ]


def test_where_the_clock_never_changes_it_says_so(says, declared):
    declared("noon", schedule="0 0 12 * * *", time_zone="Asia/Kolkata")
    assert says("dst", "noon", "--year", "2027") == "The clock of Asia/Kolkata doesn't change in 2027.\n"


def test_the_year_is_this_one_unless_asked_otherwise(says, declared):
    declared("noon", schedule="0 0 12 * * *")
    assert says("dst", "noon").startswith("The clock of UTC doesn't change in 20")


def test_json_has_the_same(says, declared):
    declared("early", schedule="0 30 1-2 * * *", time_zone="Antarctica/Troll")
    found = json.loads(says("dst", "early", "--year", "2026", "--format", "json"))
    assert [(one["kind"], one["named"]) for one in found] == [
        ("moved", "2026-03-29T01:30:00"),
        ("moved", "2026-03-29T02:30:00"),
        ("doubled", "2026-10-25T01:30:00"),
        ("doubled", "2026-10-25T02:30:00"),
    ]
    assert found[2] == {
        "kind": "doubled",
        "named": "2026-10-25T01:30:00",
        "time_zone": "Antarctica/Troll",
        "scheduled_for": ["2026-10-24T23:30:00Z", "2026-10-25T01:30:00Z"],
        "in_words": "01:30 comes twice: both times",
    }


def test_what_is_no_year_is_refused(says):
    with pytest.raises(CommandError, match=r"'27' is not a year\. Write one from 1900 to 9000\."):
        says("dst", "noon", "--year", "27")
