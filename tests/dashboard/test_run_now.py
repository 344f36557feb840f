"""Run now, and Retry with changes: a form that says what it equals and what will happen, and runs nothing by GET."""

import html
import re

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs.models import Event, Note, Run
from tests.helpers.rows import a_run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def a_job(declared):
    declared("nightly", command="succeeds", args=["--word", "bread"])


def text(answer):
    """What a reader sees, and what the fields hold."""
    return html.unescape(re.sub(r"<(?!input|textarea)[^>]*>", "", answer.content.decode()))


def part(answer):
    """The part that says what it does."""
    return html.unescape(re.sub("<[^>]*>", "", answer.content.decode().partition('id="equals"')[2]))


def test_the_form_is_filled_as_declared_and_runs_nothing(admin_client):
    a_run(arguments=["--word", "wine"], requested_by="ada")
    with CaptureQueriesContext(connection) as queries:
        answer = admin_client.get("/jobs/nightly/run/?arg.word=cheese")
    assert len(queries) <= 12
    assert Run.objects.count() == 1
    assert 'value="cheese"' in text(answer)
    assert "as declared: bread" in text(answer)
    assert "--word wine" in text(answer)
    assert "--word bread" in part(answer) or "nightshift run nightly --word cheese" in part(answer)
    like = admin_client.get(f"/jobs/nightly/run/?like={Run.objects.get().pk}")
    assert 'value="wine"' in text(like)


def test_what_an_address_filled_in_is_what_runs(admin_client):
    like = a_run(arguments=["--word", "wine"])
    for address, word in (("arg.word=cheese", "cheese"), (f"like={like.pk}", "wine")):
        admin_client.post(f"/jobs/nightly/run/?{address}", {"arg.word": word})
        run = Run.objects.latest("pk")
        assert (run.requested_by, run.arguments) == ("admin", ["--word", word])


def test_what_the_parser_says_stands_at_its_field_and_nothing_runs(admin_client, declared):
    declared("picky", command="fails")
    answer = admin_client.post("/jobs/picky/run/", {"arg.letters": "three"})
    field = answer.content.decode().partition('name="arg.letters"')[2].partition("</div>")[0]
    assert "argument --letters: invalid int value" in field
    assert not Run.objects.exists()


def test_a_check_says_what_it_equals_and_what_will_happen_and_runs_nothing(admin_client):
    active = a_run(status="running")
    answer = admin_client.post("/jobs/nightly/run/", {"arg.word": "it's", "check": "1"})
    said = part(answer)
    assert f"Run {active.pk} is active: by overlap='skip' this one would be skipped." in said
    assert """nightshift run nightly --word 'it'"'"'s'""" in said
    assert "/api/v1/jobs/nightly/runs/" in said
    assert "--word bread" not in said
    assert "bread it's" in said
    said = part(admin_client.post("/jobs/nightly/run/", {"arg.word": "bread", "labels": "ticket/4711", "check": "1"}))
    assert "nightshift run --label ticket/4711 nightly" in said
    assert '{"labels": ["ticket/4711"]}' in said
    assert Run.objects.count() == 1


def test_unchanged_it_runs_what_is_declared_with_label_note_and_moment(admin_client, admin_user):
    sent = {"arg.word": "bread", "at": "2126-01-31T02:00", "labels": "ticket/4711, a", "note": "for the audit"}
    answer = admin_client.post("/jobs/nightly/run/", sent)
    run = Run.objects.get()
    assert answer["Location"] == f"/runs/{run.pk}/"
    assert (run.arguments, run.labels, run.requested_by) == (
        ["--word", "bread"],
        ["a", "ticket/4711"],
        admin_user.username,
    )
    assert f"{run.not_before:%Y-%m-%d %H:%M}" == "2126-01-31 02:00"
    assert Note.objects.get().text == "for the audit"


@pytest.fixture(params=["run now", "retry"])
def form(request, admin_client):
    """The address of a form that starts a run, and its key."""
    path = "/jobs/nightly/run/" if request.param == "run now" else f"/runs/{a_run(status='failed').pk}/retry/"
    return path, re.search('name="key" value="([^"]+)"', admin_client.get(path).content.decode())[1]


def test_a_form_that_is_sent_twice_starts_one_run(admin_client, form):
    path, key = form
    for word in ("wine", "wine", "cheese"):
        admin_client.post(path, {"arg.word": word, "key": key})
    started = Run.objects.exclude(status="failed").order_by("pk")
    assert [run.arguments[-1] for run in started] == ["wine", "cheese"]


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"at": "2001-01-31T02:00"}, "This moment has passed."),
        ({"labels": "Ticket 4711"}, "'Ticket' can't be a label."),
        ({"confirm": "no"}, "starts only with its word of confirmation"),
    ],
)
def test_what_else_is_wrong_stands_at_its_field_too(admin_client, declared, sent, sentence):
    declared("careful", command="succeeds", confirm="yes")
    assert sentence in text(admin_client.post("/jobs/careful/run/", {"confirm": "yes"} | sent))
    assert not Run.objects.exists()
    assert admin_client.post("/jobs/careful/run/", {"confirm": "yes"}).status_code == 302


def test_a_run_is_retried_with_its_own_words_byte_for_byte_or_with_changes(admin_client):
    failed = a_run(status="failed", arguments=["--wor=bread"], labels=["night"])
    path = f"/runs/{failed.pk}/retry/"
    assert "Difference to run" in text(admin_client.get(path))
    admin_client.post(path, {"arg.word": "bread"})
    same = Run.objects.latest("pk")
    assert (same.arguments, same.retry_of_id, same.labels) == (["--wor=bread"], failed.pk, ["night"])
    same.delete()

    checked = admin_client.post(path, {"arg.word": "wine", "check": "1"})
    assert "bread wine" in part(checked)
    assert f"manage.py retry {failed.pk} --with --word wine" in part(checked)
    admin_client.post(path, {"arg.word": "wine"})
    assert Run.objects.latest("pk").arguments == ["--word", "wine"]


def test_what_is_still_at_work_is_not_retried(admin_client):
    run = a_run(status="running")
    assert admin_client.get(f"/runs/{run.pk}/retry/").status_code == 409
    admin_client.post(f"/runs/{run.pk}/retry/")
    assert Run.objects.count() == 1


def test_who_may_not_run_it_is_refused_and_leaves_an_event(client):
    client.force_login(get_user_model().objects.create_user("bob"))
    for path in ("/jobs/nightly/run/", f"/runs/{a_run(status='failed').pk}/retry/"):
        assert client.get(path).status_code in (403, 404)
        assert client.post(path).status_code in (403, 404)
    assert Event.objects.filter(kind="refused", by="bob").exists()
    assert Run.objects.count() == 1


def test_a_command_that_cannot_be_loaded_says_so(admin_client, monkeypatch):
    monkeypatch.setattr("jobs.declarations.parameters.judging.get_commands", dict)
    answer = admin_client.get("/jobs/nightly/run/")
    assert answer.status_code == 409
    assert "There is no management command called 'succeeds'." in text(answer)


def test_a_run_beyond_max_running_would_be_skipped_by_that(admin_client, declared):
    declared("pooled", command="succeeds", overlap="allow", max_running=1)
    active = a_run("pooled", "running")
    said = part(admin_client.get("/jobs/pooled/run/"))
    assert f"Run {active.pk} is active: by max_running=1 this one would be skipped." in said
