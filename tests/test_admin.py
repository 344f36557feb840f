import html
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission
from django.contrib.staticfiles import finders

from jobs.execution import tick
from jobs.ledger import timing
from jobs.models import Attempt, Event, Gap, Grant, Intervention, JobState, Output, Run
from tests.helpers.people import a_token, a_user
from tests.helpers.rows import NOON, a_pause, a_run, an_attempt, pruning

LISTS = ["run", "jobstate", "gap", "event", "intervention"]
OF_ACCESS = ["grant", "token", "serviceaccount"]


def fifty_of_each():
    for number in range(50):
        job = f"job_{number}"
        run = a_run(job, blocked_by=a_run(job))
        gap = Gap.objects.create(
            job=job, first=NOON, last=NOON, count=1, fate="skipped", reason="overlap", blocked_by=run
        )
        JobState.objects.create(job=job, last_gap=gap)
        a_pause(job)
        Event.objects.create(job=job, kind="release", message="of note", run=run)


@pytest.fixture
def page(admin_client):
    """A page of the admin, as text."""

    def get(path):
        answer = admin_client.get(f"/manage/nightshift/{path}")
        assert answer.status_code == 200
        return html.unescape(answer.content.decode())

    return get


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_fifty_costs_as_many_queries_as_one_of_one(
    admin_client, django_assert_max_num_queries, django_assert_num_queries, name
):
    fifty_of_each()
    admin_client.get(f"/manage/nightshift/{name}/")  # the first request of a process also reads the content types
    # The session, the user, the page and its count; the filters' choices; the first and last day.
    with django_assert_max_num_queries(9) as of_fifty:
        admin_client.get(f"/manage/nightshift/{name}/")
    with pruning():
        for model in (Event, Intervention, JobState, Gap, Run):
            model.objects.exclude(pk=model.objects.latest("pk").pk).delete()
    with django_assert_num_queries(len(of_fifty)):
        admin_client.get(f"/manage/nightshift/{name}/")


@pytest.mark.parametrize("name", LISTS)
def test_every_list_can_be_searched(page, name):
    fifty_of_each()
    assert "job_7" in page(f"{name}/?q=job_7")


@pytest.mark.parametrize("model", [Run, JobState, Gap, Event, Intervention])
def test_not_even_a_superuser_rewrites_history(rf, admin_user, model):
    request = rf.get("/")
    request.user = admin_user
    permissions = admin.site.get_model_admin(model).get_model_perms(request)
    assert permissions == {"add": False, "change": False, "delete": False, "view": True}


def test_a_run_can_not_be_changed_by_posting_a_form(admin_client):
    run = a_run()
    assert admin_client.post(f"/manage/nightshift/run/{run.pk}/change/", {"status": "failed"}).status_code == 403
    assert admin_client.post(f"/manage/nightshift/run/{run.pk}/delete/", {"post": "yes"}).status_code == 403
    run.refresh_from_db()
    assert run.status == "succeeded"


def test_a_run_is_found_by_its_number_job_or_error(page):
    run = a_run(status="failed", error="The file is empty.", pk=4711)
    other = a_run("weekly", pk=4712)
    for words in (run.pk, "nightly", "file+is+empty"):
        found = page(f"run/?q={words}")
        assert f"/run/{run.pk}/change/" in found
        assert f"/run/{other.pk}/change/" not in found


def test_runs_are_filtered_by_job(page):
    JobState.objects.create(job="nightly")
    run, other = a_run(pk=4711), a_run("weekly", pk=4712)
    found = page("run/?job=nightly")
    assert f"/run/{run.pk}/change/" in found
    assert f"/run/{other.pk}/change/" not in found


def test_a_run_is_shown_with_its_attempts(page):
    run = a_run(attempt=2, arguments=["--name", "two words"])
    an_attempt(run, 1, "failed", written=[b"first words"], peak_memory=64 * 1024 * 1024, wall=timedelta(seconds=3))
    an_attempt(run, 2)
    shown = page(f"run/{run.pk}/change/")
    for words in ("--name 'two words'", "1 min 30 s", "first words", "64 MiB", "It wrote nothing."):
        assert words in shown


def test_an_attempt_links_to_its_trace(page, settings):
    run = a_run()
    an_attempt(run, trace_id="4bf9")
    assert "4bf9" in page(f"run/{run.pk}/change/")
    settings.TRACE_URL = "https://traces.example.com/{trace_id}"
    assert '<a href="https://traces.example.com/4bf9">4bf9</a>' in page(f"run/{run.pk}/change/")


def test_what_a_command_wrote_is_no_html(admin_client):
    run = a_run()
    an_attempt(run, written=[b"<script>alert(1)</script>"])
    shown = admin_client.get(f"/manage/nightshift/run/{run.pk}/change/").content
    assert b"&lt;script&gt;alert(1)&lt;/script&gt;" in shown
    assert b"<script>alert(1)" not in shown


def test_colours_and_progress_bars_are_shown_as_a_terminal_leaves_them(page):
    run = a_run()
    an_attempt(run, written=[b"\x1b[32mok\x1b[0m\n  0%|   |\r 50%|#  |\r100%|###|\n"])
    assert '<pre class="written">ok\n100%|###|\n</pre>' in page(f"run/{run.pk}/change/")


def test_no_style_stands_in_a_page_since_the_policy_refuses_it(page):
    run = a_run()
    an_attempt(run, written=[b"words"])
    shown = page(f"run/{run.pk}/change/")
    assert "style=" not in shown
    [sheet] = re.findall(r'href="/static/([^"]*nightshift/admin.css)"', shown)
    assert finders.find(sheet)


def test_of_much_output_the_last_is_shown(page):
    run = a_run()
    an_attempt(run, written=[b"the beginning\n", b"x" * 65_536, b"\nthe end"])
    shown = page(f"run/{run.pk}/change/")
    assert "the beginning" not in shown
    assert "the end" in shown
    assert f"The last 64 KiB of 64 KiB. `manage.py output {run.pk} --attempt 1` shows all that was kept." in shown


def cells(listed, column):
    """What a list shows in a column, as HTML."""
    return re.findall(rf'<td class="field-{column}(?: nowrap)?">(.*?)</td>', listed)


def test_only_a_paused_job_is_marked_in_the_list(page):
    for job in ("nightly", "weekly"):
        JobState.objects.create(job=job)
    a_pause("nightly")
    assert cells(page("jobstate/"), "paused") == ["Paused", "-"]


def test_a_duration_stays_on_one_line_in_the_list(page):
    a_run(started_at=NOON - timedelta(seconds=8.94))
    listed = page("run/")
    assert cells(listed, "took") == ["8.94 s"]
    [sheet] = re.findall(r'href="/static/([^"]*nightshift/admin.css)"', listed)
    rules = Path(finders.find(sheet)).read_text()
    assert re.search(r"#result_list \.field-took \{\s*white-space: nowrap;", rules)


def test_a_program_as_the_trigger_is_spelled_in_capitals(page):
    a_run(trigger="api")
    assert cells(page("run/"), "trigger") == ["API"]


def test_secret_arguments_are_masked(page, declared):
    declared("nightly", command="writes", secrets=["--token"])
    run = a_run(arguments=["--token", "correct horse"])
    shown = page(f"run/{run.pk}/change/")
    assert "--token '********'" in shown
    assert "correct horse" not in shown


def test_attempts_and_output_have_no_pages_of_their_own():
    assert not admin.site.is_registered(Attempt)
    assert not admin.site.is_registered(Output)


@pytest.mark.parametrize("name", LISTS)
def test_customers_do_not_read(client, django_user_model, name):
    client.force_login(django_user_model.objects.create_user("customer"))
    assert client.get(f"/manage/nightshift/{name}/").status_code == 302


def run_now(client, job):
    return client.post(
        "/manage/nightshift/jobstate/", {"action": "run_now", "_selected_action": [job]}, follow=True
    ).content.decode()


def test_a_job_without_a_schedule_is_run_now_and_its_page_is_linked(admin_client, admin_user, declared, monkeypatch):
    declared("doctor")
    tick.tick()
    listed = admin_client.get("/manage/nightshift/jobstate/").content.decode()
    assert '_selected_action" value="doctor"' in html.unescape(listed)
    said = run_now(admin_client, "doctor")
    run = Run.objects.get()
    assert (run.job, run.status, run.trigger, run.requested_by) == ("doctor", "queued", "manual", "admin")
    assert f'<a href="/manage/nightshift/run/{run.pk}/change/">Run {run.pk} of doctor</a> is queued.' in said


@pytest.mark.django_db(transaction=True)
def test_a_job_that_another_session_has_locked_is_refused_with_a_sentence(admin_client, declared, locked, monkeypatch):
    monkeypatch.setattr(timing, "LOCK_WAIT", timedelta(seconds=0.1))
    declared("nightly", command="succeeds")
    JobState.objects.create(job="nightly")
    with locked("SELECT FROM nightshift_jobstate WHERE job = 'nightly' FOR UPDATE"):
        answer = admin_client.post(
            "/manage/nightshift/jobstate/", {"action": "run_now", "_selected_action": ["nightly"]}
        )
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert answer.content.decode().startswith("The database is there, but another session holds a lock")


def test_a_run_that_is_skipped_says_why(admin_client, declared):
    declared("nightly", command="succeeds")
    a_run(status="running")
    JobState.objects.create(job="nightly")
    skipped = run_now(admin_client, "nightly")
    assert f"Run {Run.objects.latest('pk').pk} of nightly</a> is skipped." in skipped


def test_a_job_that_is_declared_no_more_is_not_run(admin_client):
    JobState.objects.create(job="gone")
    assert "No job is declared as 'gone'." in html.unescape(run_now(admin_client, "gone"))
    assert not Run.objects.exists()


def test_staff_runs_only_what_was_granted(db, client, declared):
    declared("doctor")
    declared("prune_runs", confirm="delete")
    for job in ("doctor", "prune_runs"):
        JobState.objects.create(job=job)
    someone = a_user("someone", "viewer", "*", is_staff=True)
    someone.user_permissions.set(Permission.objects.all())
    client.force_login(someone)
    run_now(client, "doctor")  # isn't offered
    Grant.objects.create(user=someone, verbs=["run"], selector="prune_runs")
    assert "may not run doctor." in html.unescape(run_now(client, "doctor"))
    assert "starts only with its word" in html.unescape(run_now(client, "prune_runs"))
    assert not Run.objects.exists()
    Grant.objects.create(user=someone, verbs=["run"], selector="doctor")
    run_now(client, "doctor")
    assert Run.objects.get().requested_by == "someone"
    assert [*Event.objects.order_by("pk").values_list("kind", "door", "by")] == [
        ("refused", "admin", "someone"),
        ("started", "admin", "someone"),
    ]


@pytest.mark.parametrize("name", [*LISTS, *OF_ACCESS])
def test_staff_reads_only_what_was_granted(db, client, name):
    run = a_run()
    an_attempt(run, written=[b"confidential"])
    staff = a_user("someone", "viewer", "nightly", is_staff=True)
    staff.user_permissions.set(Permission.objects.all())
    client.force_login(staff)
    path = f"/manage/nightshift/{name}/"
    assert client.get(path).status_code == 403
    Grant.objects.create(user=staff, verbs=["view"], selector="*")
    assert client.get(path).status_code == (403 if name in OF_ACCESS else 200)
    Grant.objects.create(user=staff, verbs=["admin"], selector="*")
    assert client.get(path).status_code == 200
    assert "confidential" not in client.get(f"/manage/nightshift/run/{run.pk}/change/").content.decode()
    Grant.objects.create(user=staff, verbs=["output"], selector="*")
    assert "confidential" in client.get(f"/manage/nightshift/run/{run.pk}/change/").content.decode()


def test_a_tokens_hash_is_on_no_page(page):
    token, _ = a_token(a_user("ada"))
    Grant.objects.create(user=token.user, verbs=["run"], selector="night*")
    assert token.hint in page("token/")
    assert token.hash not in page(f"token/{token.pk}/change/")
    assert "night*" in page("grant/")


def test_output_that_was_deleted_is_named_so(page):
    run = a_run()
    an_attempt(run, finished_at=NOON, output_deleted_at=NOON + timedelta(days=30))
    shown = page(f"run/{run.pk}/change/")
    assert f"What attempt 1 of run {run.pk} wrote was deleted after 30 days, on 2026-04-13." in shown
    assert "It wrote nothing." not in shown


def chosen(client, action, *runs):
    data = {"action": action, "_selected_action": [run.pk for run in runs]}
    return client.post("/manage/nightshift/run/", data, follow=True).content.decode()


def test_runs_are_pinned_and_unpinned(admin_client, admin_user):
    runs = [a_run(), a_run("weekly"), a_run("weekly", pinned=True)]
    assert "2 runs pinned. Retention deletes nothing of them." in chosen(admin_client, "pin", *runs)
    assert Run.objects.filter(pinned=True).count() == 3
    assert "1 run unpinned. They go when their time has come." in chosen(admin_client, "unpin", runs[0])
    assert Event.objects.filter(by=admin_user.get_username()).count() == 3


def test_who_may_not_override_is_offered_no_pin_and_pins_nothing_else(db, client):
    staff = a_user("bob", "viewer", "*", is_staff=True)
    client.force_login(staff)
    run = a_run()
    assert "Pin: keep for ever" not in client.get("/manage/nightshift/run/").content.decode()
    chosen(client, "pin", run)
    Grant.objects.create(user=staff, verbs=["override"], selector="weekly")
    said = html.unescape(chosen(client, "pin", run, a_run("weekly")))
    assert "may not override nightly." in said
    assert "1 run pinned." in said
    assert Run.objects.get(pinned=True).job == "weekly"
