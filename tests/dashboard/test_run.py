"""The page of a run: what became of it, what it is beside its last success, and what is done from there."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs.dashboard.louder import louder
from jobs.ledger.idempotency import Key
from jobs.models import Event, JobDay, Note, Run
from tests.helpers.pages import page
from tests.helpers.people import a_user, signed_in
from tests.helpers.rows import NOON, a_claimed_run, a_queued_run, a_run, an_attempt, an_override

pytestmark = pytest.mark.django_db
TRACEBACK = (
    b'begins\nTraceback (most recent call last):\n  File "x.py", line 1\n    f()\nOSError: the file is empty\nbye\n'
)


@pytest.fixture(autouse=True)
def nightly(declared):
    declared("nightly", command="clearsessions", schedule="0 0 3 * * *", runbook="https://wiki.example/nightly")
    declared("report", command="clearsessions", after=["nightly"])
    declared("other", command="clearsessions", confirm="delete")


def do(client, run, what, **fields):
    return client.post(f"/runs/{run.pk}/do/", {"do": what, "next": f"/runs/{run.pk}/"} | fields)


def test_a_failure_is_shown_with_its_traceback_its_way_and_the_last_success(admin_client):
    well = a_run(finished_at=NOON - timedelta(days=1))
    an_attempt(well, release="1.1", written=[b"begins\nbye\n"])
    failed = a_run(
        status="failed",
        error="OSError: the file is empty",
        scheduled_for=NOON - timedelta(hours=1),
        created_at=NOON - timedelta(minutes=57),
        attempt=2,
        result={"rows": [1, 2]},
    )
    an_attempt(
        failed,
        started_at=NOON - timedelta(minutes=50),
        finished_at=NOON - timedelta(minutes=40),
        status="failed",
        exit_code=3,
    )
    an_attempt(
        failed,
        number=2,
        started_at=NOON - timedelta(minutes=2),
        finished_at=NOON,
        status="failed",
        signal="SIGKILL",
        release="1.2",
        instance="app-1",
        written=[TRACEBACK],
        peak_memory=5 * 2**20,
    )
    shown = page(admin_client, f"/runs/{failed.pk}/")
    for said in (
        f"The first failure since release 1.2: run {well.pk} before it succeeded with release 1.1.",
        "<summary>Traceback</summary>",
        "by a test, 3 min after it was due",
        "after 10 min, exit code 3",
        "on app-1, release 1.2, after waiting 38 min",
        "after 2 min, by SIGKILL",
        "5 MiB",
        "https://wiki.example/nightly",
        '"rows": [ 1, 2 ]'.replace('"', "&quot;"),
    ):
        assert said in shown, said
    folded = shown.partition("<summary>Traceback</summary>")[2].partition("</details>")[0]
    assert "OSError: the file is empty" in folded
    assert "bye" not in folded
    again = a_run(status="lost", error="gone")
    an_attempt(again, status="lost", release="1.2")
    assert f"Failing since run {well.pk} succeeded with release 1.1: 1 failure before this one." in page(
        admin_client, f"/runs/{again.pk}/"
    )


def test_a_run_at_work_shows_its_progress_and_what_is_usual_and_one_that_waits_says_why(admin_client):
    JobDay.objects.create(job="nightly", day=NOON.date(), trigger="schedule", duration={"1": 1})
    running, _ = a_claimed_run()
    Run.objects.filter(pk=running.pk).update(progress={"done": 30, "total": 120, "rate": 1.5, "message": "<b>rows</b>"})
    shown = page(admin_client, f"/runs/{running.pk}/")
    assert "25 %</progress> 25 % 30 of 120, 1.5 a second, about 1 min to go." in shown
    assert "&lt;b&gt;rows&lt;/b&gt;" in shown
    assert "Nothing yet." in shown
    waiting = a_queued_run()
    Run.objects.filter(pk=waiting.pk).update(progress={"done": "much", "total": [], "message": None})
    admin_client.cookies["nightshift_zone"] = "Europe.Berlin"
    Run.objects.filter(pk=running.pk).update(started_at=NOON)
    assert (
        f"It hasn’t started: run {running.pk} of the job, running since Sat 14 Mar 2026 13:00:00 Europe/Berlin"
        in page(admin_client, f"/runs/{waiting.pk}/")
    )


def test_a_run_is_retried_as_it_was_or_louder_and_leads_to_the_new_one(admin_client):
    ended = a_run(arguments=["--verbosity", "0"])
    answer = do(admin_client, ended, "retry")
    new = Run.objects.latest("pk")
    assert answer["Location"] == f"/runs/{new.pk}/"
    assert (new.arguments, new.retry_of_id, new.requested_by) == (["--verbosity", "0"], ended.pk, "admin")
    assert f"Run {new.pk} retries run {ended.pk}; it is queued." in page(admin_client, f"/runs/{new.pk}/")
    do(admin_client, new, "cancel")
    do(admin_client, ended, "louder")
    assert Run.objects.latest("pk").arguments == ["--verbosity", "2", "--traceback"]
    asks = a_run("other")
    do(admin_client, asks, "retry")
    assert "starts only with its word of confirmation" in page(admin_client, f"/runs/{asks.pk}/")
    do(admin_client, asks, "retry", confirm="delete")
    assert Run.objects.latest("pk").retry_of_id == asks.pk


def test_a_retry_that_is_pressed_twice_starts_one_run(admin_client):
    ended = a_run()
    key = re.search('name="key" value="([^"]+)"', admin_client.get(f"/runs/{ended.pk}/").content.decode())[1]
    first, again = (do(admin_client, ended, "retry", key=key) for _ in range(2))
    [new] = Run.objects.filter(retry_of=ended)
    assert first["Location"] == again["Location"] == f"/runs/{new.pk}/"
    do(admin_client, ended, "louder", key=key)
    assert Run.objects.filter(retry_of=ended).count() == 2


def test_a_retry_that_is_pressed_again_while_the_first_is_at_work_says_so(admin_client, locked):
    ended = a_run()
    asked = Key.of("", "", {"retry_of": ended.pk, "words": None, "confirm": ""}).request
    with locked("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", f"jobs.idempotency/page/admin/k-1/{asked}"):
        do(admin_client, ended, "retry", key="k-1")
    assert "This form is starting a run already." in page(admin_client, f"/runs/{ended.pk}/")
    assert not Run.objects.filter(retry_of=ended).exists()


@pytest.mark.parametrize(
    ("words", "loud"),
    [
        ([], []),
        (["--days", "3", "-v0", "x"], ["--days", "3", "x"]),
        (["--verbosity=1", "--traceback", "--", "-v", "1"], ["--", "-v", "1"]),
    ],
)
def test_louder_replaces_what_said_how_loud_and_leaves_the_rest(words, loud):
    assert louder(words) == ["--verbosity", "2", "--traceback", *loud]


def test_a_run_is_pinned_and_written_about_by_whom_may(admin_client):
    ended = a_run()
    do(admin_client, ended, "pin")
    assert "pinned" in page(admin_client, f"/runs/{ended.pk}/")
    do(admin_client, ended, "unpin")
    do(admin_client, ended, "note", text="The supplier\nwas <late>.")
    assert "The supplier<br>was &lt;late&gt;." in page(admin_client, f"/runs/{ended.pk}/")
    do(admin_client, ended, "note", text=" ")
    assert "The note has no text." in page(admin_client, f"/runs/{ended.pk}/")
    assert {*Event.objects.values_list("kind", "by", "door")} >= {
        (kind, "admin", "page") for kind in ("pinned", "unpinned", "noted")
    }
    viewer = signed_in(a_user("bob", "viewer", "nightly"))
    shown = page(viewer, f"/runs/{ended.pk}/")
    for what in ("retry", "louder", "pin", "note"):
        assert f'value="{what}"' not in shown
        assert do(viewer, ended, what, text="x").status_code == 403, what
    assert (Run.objects.count(), Note.objects.count()) == (1, 1)


def test_a_run_stands_beside_its_last_success(admin_client):
    override = an_override(began_at=NOON - timedelta(days=2), arguments=["--verbosity", "2"], reason="x")
    well = a_run(finished_at=NOON, created_at=NOON - timedelta(days=1), arguments=["--verbosity", "2"])
    override.ended_at = NOON - timedelta(hours=1)
    override.save()
    same = [f"row {place} took {place * 7} ms" for place in range(30)]
    an_attempt(well, written=["\n".join([*same, "all 30 rows are there"]).encode()], sql_statements=40, release="1.1")
    failed = a_run(status="failed", finished_at=NOON, created_at=NOON)
    differently = [line.replace("took 7 ms", "took 8888 ms") for line in same]
    an_attempt(
        failed, written=["\n".join([*differently, "<b>row 31 is missing"]).encode()], sql_statements=41, release="1.1"
    )
    shown = page(admin_client, f"/runs/{failed.pk}/compare/")
    assert "They differ in: Status, Arguments, Override, SQL statements, Output." in shown
    assert "arguments --verbosity 2" in shown
    assert '<span class="gone" data-sign="-">all 30 rows are there</span>' in shown
    assert '<span class="new" data-sign="+">&lt;b&gt;row 31 is missing</span>' in shown
    assert "27 lines alike" in shown
    assert "They wrote the same." in page(admin_client, f"/runs/{failed.pk}/compare/?with={failed.pk}")
    assert admin_client.get(f"/runs/{well.pk}/compare/").status_code == 400
    assert admin_client.get(f"/runs/{failed.pk}/compare/?with=4711").status_code == 404


def test_outputs_that_differ_too_much_are_not_compared_line_by_line(admin_client):
    for word, status in (("left", "succeeded"), ("right", "failed")):
        run = a_run(status=status)
        an_attempt(run, written=[b"".join(f"{word} {'x' * (place % 97)}\n".encode() for place in range(2_000))])
    assert "differ too much to be compared line by line" in page(admin_client, f"/runs/{run.pk}/compare/")


def test_the_steps_of_a_pipeline_are_drawn_with_what_became_of_each(admin_client):
    first = a_run(scheduled_for=NOON)
    step = a_run("report", "skipped", scheduled_for=NOON, chained_from=first, error="Its predecessor failed.")
    drawn = page(admin_client, f"/runs/{first.pk}/").partition("<h2>Pipeline</h2>")[2].partition("</ol>")[0]
    assert f'<a href="/runs/{step.pk}/">report</a> <span class="state skipped">' in drawn
    assert 'aria-current="step"><a href="/runs/' in drawn
    asked = a_run()
    follows = a_run("report", chained_from=asked)
    assert f'<a href="/runs/{asked.pk}/">nightly</a>' in page(admin_client, f"/runs/{follows.pk}/")


def test_no_page_of_a_run_takes_more_than_twelve_queries(admin_client):
    an_attempt(a_run(), written=[b"ok\n"])
    failed = a_run(status="failed", scheduled_for=NOON)
    an_attempt(failed, status="failed", written=[TRACEBACK])
    running, _ = a_claimed_run()
    waiting = a_queued_run()
    for path in (f"{failed.pk}/", f"{running.pk}/", f"{waiting.pk}/", f"{failed.pk}/compare/"):
        page(admin_client, f"/runs/{path}")
        with CaptureQueriesContext(connection) as queries:
            page(admin_client, f"/runs/{path}")
        assert len(queries) <= 12, (path, [query["sql"][:100] for query in queries])


def test_somebody_asks_for_an_email_when_it_ends_and_for_none(admin_client):
    run = a_queued_run()
    do(admin_client, run, "mail")
    shown = page(admin_client, f"/runs/{run.pk}/")
    assert f"admin@example.com gets an e-mail when run {run.pk} has ended." in shown
    assert "Mail me no more" in shown
    do(admin_client, run, "no_mail")
    shown = page(admin_client, f"/runs/{run.pk}/")
    assert f"You get no e-mail when run {run.pk} has ended." in shown
    assert "Mail me when it ends" in shown
    ended = a_run()
    assert "Mail me" not in page(admin_client, f"/runs/{ended.pk}/")
    do(admin_client, ended, "mail")
    assert f"Run {ended.pk} of nightly has ended: it is succeeded." in page(admin_client, f"/runs/{ended.pk}/")
