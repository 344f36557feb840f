"""The commands about schedules on what the project and its worked example declare, as it is in Azure."""

import pytest

from jobs.declarations.registry import registry
from jobs.ledger import interventions


@pytest.fixture(autouse=True)
def in_azure(settings, request):
    """Each minute is for the laptop only."""
    settings.LOCAL = False
    request.getfixturevalue("project_jobs")


def test_next(says, evening):
    assert says("next", "import_rates", "-n", "3").splitlines() == [
        "import_rates: At 16:15, Monday to Friday, Europe/Berlin",
        "DUE (Europe/Berlin)             UTC                   FROM NOW",
        "Mon 2027-03-29 16:15:00 +02:00  2027-03-29 14:15:00Z  in 1 d",
        "Tue 2027-03-30 16:15:00 +02:00  2027-03-30 14:15:00Z  in 2 d",
        "Wed 2027-03-31 16:15:00 +02:00  2027-03-31 14:15:00Z  in 3 d",
    ]


def test_upcoming(says, evening):
    assert says("upcoming", "--hours", "48").splitlines() == [
        "UTC                   BY THE JOB'S CLOCK                            JOB            TIMES  SCHEDULE",
        "2027-03-28 03:00:00Z  Sun 2027-03-28 03:00:00 +00:00 UTC            clearsessions  1      At 03:00 every day",
        "2027-03-28 03:30:00Z  Sun 2027-03-28 03:30:00 +00:00 UTC            prune_runs     1      At 03:30 every day",
        "2027-03-29 03:00:00Z  Mon 2027-03-29 03:00:00 +00:00 UTC            clearsessions  1      At 03:00 every day",
        "2027-03-29 03:30:00Z  Mon 2027-03-29 03:30:00 +00:00 UTC            prune_runs     1      At 03:30 every day",
        "2027-03-29 14:15:00Z  Mon 2027-03-29 16:15:00 +02:00 Europe/Berlin  import_rates   1      "
        "At 16:15, Monday to Friday",
    ]


def test_dst(says):
    assert says("dst", "import_rates", "--year", "2027").splitlines() == [
        "On Sunday, 2027-03-28 the clock of Europe/Berlin goes forward by 1 h, from 02:00 to 03:00.",
        "It affects no occurrence of import_rates.",
        "On Sunday, 2027-10-31 the clock of Europe/Berlin goes back by 1 h, from 03:00 to 02:00.",
        "It affects no occurrence of import_rates.",
    ]
    assert says("dst", "clearsessions", "--year", "2027") == "The clock of UTC doesn't change in 2027.\n"


def test_jobs_in_words(says):
    rows = [line.split("  ") for line in says("jobs", "--words").splitlines()]
    assert [[cell.strip() for cell in row if cell.strip()][:3] for row in rows] == [
        ["JOB", "SCHEDULE", "LAST RUN"],
        ["import_rates", "At 16:15, Monday to Friday Europe/Berlin", "–"],
        ["rates_report", "after import_rates", "–"],
        ["clearsessions", "At 03:00 every day UTC", "–"],
        ["prune_runs", "At 03:30 every day UTC", "–"],
        ["doctor", "by hand", "–"],
    ]


def test_drift(says):
    assert says("drift") == "Nothing differs from the code.\n"
    interventions.override(registry["import_rates"], schedule="0 30 5 * * *", by="ada", reason="the bank moves")
    assert [line.split("  ")[0] for line in says("drift").splitlines()] == ["JOB", "import_rates"]
    assert "0 15 16 * * 1-5 Europe/Berlin  0 30 5 * * * Europe/Berlin  ada" in says("drift")
