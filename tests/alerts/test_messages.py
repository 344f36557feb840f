"""What messages say: written for a phone at night, the same words in text and HTML."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from jobs.alerts.messages import message
from jobs.choices import Cause, NoticeKind, Resolution, Status
from jobs.models import Incident
from tests.helpers.rows import a_run, an_attempt

pytestmark = pytest.mark.django_db
SINCE = datetime(2026, 1, 14, 3, 15, tzinfo=UTC)
NOW = SINCE + timedelta(minutes=20)
OPERATIONAL = 'OperationalError: connection to server at "10.0.0.4" failed'


@pytest.fixture(autouse=True)
def address(settings):
    settings.JOBS_URL = "https://jobs.example.com/"


def an_incident(job="import_rates", cause=Cause.FAILED, **fields):
    return Incident.objects.create(
        job=job, cause=cause, **{"opened_at": SINCE, "detail": "A run failed.", "error": OPERATIONAL} | fields
    )


def said(kind, *incidents, **options):
    return message("key", NoticeKind(kind), incidents, NOW, **options)


def test_a_message_says_what_since_when_how_bad_why_and_what_to_do(declared):
    declared("import_rates", schedule="0 15 4 * * *", time_zone="Europe/Berlin", runbook="https://wiki.example.com/rates",
             owner="rates@example.com")  # fmt: skip
    run = a_run("import_rates", Status.FAILED)
    an_attempt(run, written=[b"reading rates\n\x1b[31mno \x1b[0manswer\n"])
    incident = an_incident(last_run_id=run.pk)
    found = said("opened", incident)
    assert found.text == (
        f"import_rates failed: {OPERATIONAL}\n"
        "Severity: error\n"
        "\n"
        "Since: Wed 2026-01-14 04:15 CET (03:15 UTC)\n"
        "What: A run failed.\n"
        f"Error: {OPERATIONAL}\n"
        "Owner: rates@example.com\n"
        "\n"
        "Its last lines:\n"
        "    reading rates\n"
        "    no answer\n"
        "\n"
        "What to do: Read its output, then run it again.\n"
        "  Runbook: https://wiki.example.com/rates\n"
        f"  Run {run.pk}: https://jobs.example.com/runs/{run.pk}/\n"
        f"  On the server: manage.py retry {run.pk}\n"
        f"  From anywhere: nightshift retry {run.pk}\n"
        f"  Incident {incident.pk}: https://jobs.example.com/incidents/{incident.pk}/\n"
    )
    assert (found.severity, found.url) == ("error", f"https://jobs.example.com/incidents/{incident.pk}/")
    assert found.facts["runs"] == str(run.pk)
    assert found.facts["commands"] == f"retry {run.pk}"


def test_html_says_the_same_and_loads_nothing(declared):
    declared("import_rates", runbook="https://wiki.example.com/rates")
    run = a_run("import_rates", Status.FAILED)
    an_attempt(run, written=[b"<script>alert(1)</script>\n"])
    found = said("opened", an_incident(last_run_id=run.pk))
    words = re.sub(r"<[^>]+>", " ", found.html.split("</head>")[1]).replace("&lt;", "<").replace("&gt;", ">")
    words = words.replace("&quot;", '"').replace("&#x27;", "'")
    for line in found.text.splitlines():
        for part in line.strip().split(": "):
            assert part in " ".join(words.split()), part
    assert "<script" not in found.html
    assert "<img" not in found.html
    assert "color-scheme: light dark" in found.html


@pytest.mark.parametrize(
    ("kind", "fields", "title"),
    [
        ("opened", {}, f"import_rates failed: {OPERATIONAL}"),
        ("opened", {"cause": Cause.LOST, "error": ""}, "import_rates was lost"),
        ("opened", {"cause": Cause.STILL_RUNNING, "error": ""}, "import_rates is still running"),
        ("escalated", {}, "Nobody works on it after 20 min: import_rates failed"),
        ("acknowledged", {"acknowledged_at": NOW, "acknowledged_by": "ada"}, "ada works on it: import_rates failed"),
        ("resolved", {"resolved_at": NOW, "resolution": Resolution.RECOVERED}, "import_rates recovered after 20 min"),
        (
            "resolved",
            {"cause": Cause.STILL_RUNNING, "resolved_at": NOW, "resolution": Resolution.RECOVERED},
            "import_rates has ended after 20 min",
        ),
        (
            "resolved",
            {"resolved_at": NOW, "resolution": Resolution.BY_HAND, "resolved_by": "ada"},
            "import_rates: resolved by ada after 20 min",
        ),
        (
            "resolved",
            {"resolved_at": NOW, "resolution": Resolution.UNDECLARED},
            "import_rates is no longer watched for that: it isn't declared any more",
        ),
    ],
)
def test_the_title_says_it_in_a_line(kind, fields, title):
    assert said(kind, an_incident(**fields)).title == title


def test_our_own_outage_is_told_by_what_became_of_it():
    detail = "Not running 02:10–02:47 UTC: 37 occurrences of 12 jobs; 9 caught up, 28 superseded."
    incident = Incident.objects.create(
        job="", cause=Cause.NOT_RUNNING, detail=detail, resolved_at=NOW, resolution=Resolution.RECOVERED
    )
    found = said("opened", incident)
    assert (found.title, found.severity) == (detail.removesuffix("."), "critical")
    assert found.facts["resolved_at"] == "2026-01-14 03:35:00Z"
    assert "Then run what was missed." in found.text
    assert "manage.py missed" in found.text


@pytest.mark.parametrize(
    ("cause", "errors", "title"),
    [
        (Cause.FAILED, [OPERATIONAL] * 7, "7 jobs failed with OperationalError"),
        (Cause.FAILED, ["django.db.utils.OperationalError: no"] * 2, "2 jobs failed with OperationalError"),
        (Cause.FAILED, ["Exit code 3."] * 2, "2 jobs failed with Exit code 3."),
        (Cause.FAILED, [OPERATIONAL, "ValueError: 1"], "2 jobs failed"),
        (Cause.LOST, ["", ""], "2 jobs were lost on vm-1"),
        (Cause.MISSED, ["", ""], "2 jobs were missed"),
    ],
)
def test_a_group_says_what_its_jobs_have_in_common(cause, errors, title):
    incidents = [
        an_incident(f"job_{number}", cause, error=error, instance="vm-1") for number, error in enumerate(errors)
    ]
    found = said("opened", *incidents)
    assert found.title == title
    assert all(f"job_{number}" in found.text for number in range(len(errors)))


def test_a_large_group_lists_a_dozen():
    found = said("opened", *(an_incident(f"job_{number}") for number in range(15)))
    assert found.text.endswith("And 3 more jobs.\n")
    assert "job_12" not in found.text


def test_what_was_silenced_says_so():
    found = said("opened", an_incident(), silenced="Quiet hours until 2026-01-15 05:00:00Z.")
    assert "Told only now: Quiet hours until 2026-01-15 05:00:00Z." in found.text
    assert "Told only now: Quiet hours until 2026-01-15 05:00:00Z." in found.html


def test_a_long_error_is_cut_in_the_title():
    found = said("opened", an_incident(error="E" * 300))
    assert len(found.title) == 120
    assert "\n" not in said("opened", an_incident("another", error="a\nb")).title


def test_without_an_address_there_are_no_links(settings):
    settings.JOBS_URL = ""
    found = said("opened", an_incident(last_run_id=7))
    assert found.url == ""
    assert "http" not in found.text
