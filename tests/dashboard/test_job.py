"""The page of a job and those beside it: what they say, what they do for whom, and what they cost."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs.declarations.registry import registry
from jobs.ledger import notes
from jobs.ledger.settle import settle
from jobs.models import Gap, Grant, Intervention, Note, Run
from jobs.reading.fates import fates
from jobs.reading.year import year_of
from tests.helpers.days import count_ends
from tests.helpers.pages import page
from tests.helpers.rows import NOON, a_pause, a_run, an_attempt, first_seen_at

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def often(declared, monkeypatch, rung):
    """A job of each minute: found late after 38 minutes, of which it was paused for ten. The last of them is queued."""
    first_seen_at(monkeypatch, NOON)
    declared(
        "often",
        command="succeeds",
        schedule="0 * * * * *",
        start_deadline="never",
        owner="Ada",
        runbook="https://runbooks.example/often",
        heartbeat="https://watch.example/secret-of-the-url",
        labels="billing",
    )
    declared("nightly", command="clearsessions", schedule="0 0 3 * * *", confirm="yes")
    settle([registry["often"]], NOON)
    a_pause("often", began_at=NOON + 10 * MINUTE, until=NOON + 20 * MINUTE, reason="stocktaking")
    settle([registry["often"]], NOON + 38 * MINUTE)
    return registry["often"]


@pytest.fixture
def viewer(client):
    user = get_user_model().objects.create_user("vera")
    Grant.objects.create(user=user, verbs=["view", "output"], selector="often")
    client.force_login(user)
    return client


def test_a_job_is_shown_with_all_that_became_of_it(admin_client):
    before = {"scheduled_for": None, "trigger": "manual"}
    for status, release in (("succeeded", "r1"), ("failed", "r1"), ("succeeded", "r2"), ("lost", "r2")):
        an_attempt(
            a_run("often", status, error="no space left" if status == "failed" else "", **before), release=release
        )
    notes.about_job("often", "the supplier is late on Mondays", by="grace")
    count_ends()
    admin_client.post("/do/", {"run": "often"})
    shown = page(admin_client, "/jobs/often/")
    for words in (
        "Every minute",
        "https://runbooks.example/often",
        "<dt>Watched by</dt><dd>watch.example</dd>",
        "?q=billing",
        "the supplier is late on Mondays",
        "no space left",
        "the job was paused (ada): stocktaking",
        "× 18",
        "March 2026",
        "admin asked for run",
        ">r2</text>",
        "Durations of the latest",
        "went wrong, by weekday and hour",
        "Sat 14 Mar: 2 ok, 2 went wrong, 27 missed, 10 skipped",
    ):
        assert words in shown, words
    assert "secret-of-the-url" not in shown


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/jobs/often/", 12),
        ("/jobs/often/ledger/?when=2026-03&show=missed", 12),
        ("/jobs/often/why/?at=2026-03-14T12:15:20", 12),
        ("/jobs/often/missed/?after=2026-03-14T12:00", 12),
        ("/jobs/often/override/", 12),
        ("/jobs/", 12),
    ],
)
def test_a_page_needs_few_queries_however_much_the_ledger_holds(admin_client, path, most):
    for number in range(120):
        run = a_run("often", "failed" if number % 3 else "succeeded", error="x" * 2_000)
        an_attempt(run, release=f"r{number}")
    Note.objects.bulk_create(Note(job="often", by="ada", text="y" * 1_000) for _ in range(30))
    count_ends()
    with CaptureQueriesContext(connection) as queries:
        answer = admin_client.get(path)
    assert answer.status_code == 200
    assert len(queries) <= most, [query["sql"][:90] for query in queries]
    assert len(answer.content) < 150_000


def test_why_an_occurrence_had_no_run_is_read_from_its_row(viewer):
    skipped = page(viewer, "/jobs/often/ledger/?show=skipped")
    assert "/jobs/often/why/?at=2026-03-14T12:10:00Z" in skipped
    why = page(viewer, "/jobs/often/why/?at=2026-03-14T12:15:20")
    for words in (
        "often has no occurrence at 2026-03-14 12:15:20 UTC",
        "It was skipped: the job was paused by ada: stocktaking.",
        "?at=2026-03-14T12:14:00Z",
        "?at=2026-03-14T12:16:00Z",
    ):
        assert words in why, words
    assert "Run what was missed…" not in why, "who may only look is offered nothing else"
    assert "&#x27;tomorrow&#x27; is not a date with a time" in page(viewer, "/jobs/often/why/?at=tomorrow")


def test_a_gap_is_repaired_after_a_look_at_what_would_run(admin_client):
    gap = Gap.objects.get(reason="paused")
    preview = page(admin_client, f"/jobs/often/missed/?gap={gap.pk}")
    assert "10 occurrences had no run" in preview
    assert not Run.objects.filter(trigger="repair").exists(), "to look does nothing"
    sent = {"gap": gap.pk, "before": "2026-03-14T12:12:00Z", "note": "counted by now", "next": "/jobs/often/"}
    admin_client.post("/jobs/often/missed/", sent)
    runs = Run.objects.filter(trigger="repair").order_by("pk")
    assert [run.scheduled_for for run in runs] == [NOON + number * MINUTE for number in (10, 11, 12)]
    done = page(admin_client, "/jobs/often/")
    assert f"Runs {runs[0].pk} to {runs[2].pk} of often are queued" in done
    assert "counted by now" in done
    admin_client.post("/jobs/often/missed/", sent)
    assert "somebody else has had them run" in page(admin_client, "/jobs/often/")
    admin_client.post("/jobs/often/missed/", {"next": "/jobs/often/"})
    assert "Choose a gap or a window of often first" in page(admin_client, "/jobs/often/")


def test_a_window_that_ends_before_it_begins_is_said_so(admin_client):
    shown = page(admin_client, "/jobs/often/missed/?after=2026-03-14T12:30&before=2026-03-14T12:00")
    assert "before it begins" in shown


def test_an_override_is_set_corrected_and_ended(admin_client):
    sent = {"schedule": "0 0 25 * * *", "reason": "month end", "length": "8h", "next": "/jobs/often/"}
    wrong = admin_client.post("/jobs/often/override/", sent)
    assert wrong.status_code == 422
    assert 'value="0 0 25 * * *"' in wrong.content.decode(), "what was typed stays"
    no_reason = admin_client.post("/jobs/often/override/", {"schedule": "0 0 5 * * *"})
    assert "Say why often is overridden" in no_reason.content.decode()
    admin_client.post("/jobs/often/override/", sent | {"schedule": "0 0 5 * * *"})
    found = Intervention.objects.get(kind="override")
    assert (found.schedule, found.reason, found.by, found.arguments) == ("0 0 5 * * *", "month end", "admin", None)
    shown = page(admin_client, "/jobs/often/")
    assert "often is overridden for 8 hours." in shown
    assert "Differs from what is declared" in shown
    assert "0 0 5 * * *" in shown
    admin_client.post("/jobs/often/override/", {"end": "1", "next": "/jobs/often/"})
    assert "often uses its declaration again." in page(admin_client, "/jobs/often/")


def test_who_may_only_look_does_nothing(viewer):
    for path in ("/jobs/often/missed/", "/jobs/often/override/", "/jobs/often/pause/"):
        page(viewer, path, 403)
    gap = Gap.objects.get(reason="paused")
    for path, sent in (
        ("/jobs/often/missed/", {"gap": gap.pk, "before": "2026-03-14T12:12:00Z"}),
        ("/jobs/often/override/", {"schedule": "0 0 5 * * *", "reason": "x"}),
        ("/jobs/often/note/", {"text": "x"}),
    ):
        assert viewer.post(path, sent).status_code == 403, path
    assert not Run.objects.filter(trigger="repair").exists()
    assert (Intervention.objects.filter(kind="override").exists(), Note.objects.exists()) == (False, False)
    for path in ("", "ledger/", "why/", "missed/"):
        page(viewer, f"/jobs/nightly/{path}", 404)
    assert "Run now" not in page(viewer, "/jobs/often/")


def test_a_note_is_added_below_the_others(admin_client):
    admin_client.post("/jobs/often/note/", {"text": "<b>late</b> on Mondays", "next": "/jobs/often/"})
    assert "&lt;b&gt;late&lt;/b&gt; on Mondays" in page(admin_client, "/jobs/often/")
    admin_client.post("/jobs/often/note/", {"text": " ", "next": "/jobs/often/"})
    assert "The note has no text" in page(admin_client, "/jobs/often/")


def _counted(shown: str) -> list[tuple[str, int]]:
    """The links of a page to its job's ledger that a number stands in, each with the number."""
    found = re.findall(
        r'<a (?:tabindex=-1 )?href="?ledger/(\?[^">]*)"?>(?:<title>[^<]*</title><circle[^>]*>)?(.*?)</a>', shown
    )
    numbers = [(unescape(query), re.sub("<[^>]*>", "", text).replace(",", "")) for query, text in found]
    return [(query, int(number)) for query, number in numbers if number.isdigit()]


def test_each_number_of_reliability_and_of_an_hour_leads_to_just_what_it_counts(admin_client, monkeypatch):
    monkeypatch.setattr("jobs.dashboard.ledger.SIZE", 1_000)
    for minute, (status, late) in enumerate((("succeeded", 0), ("succeeded", 300), ("failed", 0), ("cancelled", 0))):
        at = NOON - (minute + 1) * MINUTE
        run = a_run("often", status, scheduled_for=at, created_at=at, trigger="schedule")
        an_attempt(run, started_at=run.scheduled_for + timedelta(seconds=late), finished_at=NOON)
    for status in ("succeeded", "failed", "skipped"):
        a_run("often", status, trigger="manual", scheduled_for=None, created_at=NOON)
    count_ends()
    found = _counted(page(admin_client, "/jobs/often/"))
    assert {query.partition("&")[2] for query, _ in found} >= {
        *("for=due", "for=due&show=ran", "for=due&show=ok", "for=late"),
        *("for=due&show=skipped", "for=due&show=missed", "for=asked+for&show=ran"),
    }
    hours = {query for query, _ in found if "hour=" in query}
    assert hours >= {"?hour=5-11", "?hour=5-12"}
    assert len([query for query, _ in found if query in hours]) == 2 * len(hours), "in the chart and in the table"
    for query, number in found:
        listed = admin_client.get(f"/jobs/often/ledger/{query}").content.decode()
        rows = re.findall(r'<tr id="(?:run|gap)-\d+"><td data-label="Fate">.*?</span>(?: <b>× ([\d,]+)</b>)?', listed)
        # An hour counts a gap once.
        assert sum(1 if "hour=" in query else int(count or 1) for count in rows) == number, query
    assert "What went wrong on Sat 11:00" in page(admin_client, "/jobs/often/ledger/?hour=5-11")
    assert "What went wrong on" not in page(admin_client, "/jobs/often/ledger/?hour=7-24")


@pytest.mark.parametrize("size", [1, 2, 5, 100])
def test_the_ledger_is_read_page_by_page_without_losing_an_entry(size):
    for number in range(12):
        a_run("often", "failed" if number % 2 else "skipped", scheduled_for=NOON + number * 7 * MINUTE - 40 * MINUTE)
    for shown in ((), ("failed",), ("skipped", "missed")):
        whole = fates("often", 1_000, shown=shown)
        assert whole.older is None
        found, below = [], (2**63 - 1,) * 2
        while below:
            part = fates("often", size, below=below, shown=shown)
            found, below = [*found, *part.entries], part.older
        assert [(each.run, each.gap) for each in found] == [(each.run, each.gap) for each in whole.entries]
        assert {each.fate for each in found} <= set(shown or [each.fate for each in found])
    march = fates("often", 1_000, since=NOON - MINUTE, until=NOON + timedelta(days=1))
    assert {each.gap for each in march.entries} == set(Gap.objects.values_list("pk", flat=True))
    assert not fates("often", 10, since=NOON - timedelta(days=60), until=NOON - timedelta(days=30)).entries


def test_a_month_says_what_was_due_and_what_became_of_it():
    due = {"scheduled_for": NOON, "trigger": "schedule"}
    for minute, (status, late) in enumerate((("succeeded", 0), ("succeeded", 300), ("failed", 0), ("cancelled", 0))):
        run = a_run("often", status, **due | {"scheduled_for": NOON - (minute + 1) * MINUTE})
        an_attempt(run, started_at=run.scheduled_for + timedelta(seconds=late), finished_at=NOON)
    a_run("often", "failed", trigger="manual", scheduled_for=None)
    count_ends()
    [(_, month)] = year_of("often", NOON + timedelta(days=200)).months()
    assert (month.ran, month.ok, month.wrong, month.late) == (4, 2, 1, 1)
    assert (month.skipped, month.missed, month.asked, month.due) == (10, 27, 1, 41)
