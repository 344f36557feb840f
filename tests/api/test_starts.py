"""POST /api/v1/jobs/<name>/runs/, and the keys by which it may be repeated."""

from datetime import timedelta

import pytest

from jobs.ledger import doorbell, sql, states
from jobs.ledger.retention import prune
from jobs.models import Event, IdempotencyKey, Run
from tests.helpers.people import a_user, signed_in
from tests.helpers.rows import a_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def post(declared, admin_client):
    declared("report", command="reports", secrets=["--raw"], overlap="allow")
    declared("purge", command="succeeds", confirm="delete")

    def send(body=None, job="report", client=admin_client, key=None):
        headers = {} if key is None else {"Idempotency-Key": key}
        return client.post(f"/api/v1/jobs/{job}/runs/", body or {}, content_type="application/json", headers=headers)

    return send


def test_a_start_answers_with_the_run_and_its_address(post, admin_client, admin_user):
    answer = post({"words": ["--raw", "s3cr3t-word"]})
    run = answer.json()
    assert (answer.status_code, run["status"], run["trigger"]) == (201, "queued", "api")
    assert (run["requested_by"], run["arguments"]) == (admin_user.get_username(), ["--raw", "********"])
    assert admin_client.get(answer.headers["Location"]).json()["id"] == run["id"]
    event = Event.objects.get()
    assert (event.kind, event.door, event.run_id) == ("started", "api", run["id"])


def test_a_start_for_a_later_moment_waits_for_it(post):
    moment = states.clock() + timedelta(hours=2)
    run = Run.objects.get(pk=post({"not_before": moment.isoformat()}).json()["id"])
    assert run.not_before == run.requested_for == moment


@pytest.mark.parametrize(
    ("job", "body", "status", "sentence"),
    [
        ("report", {"words": ["--no-such"]}, 422, "unrecognized arguments: --no-such"),
        ("report", {"words": "--raw"}, 400, "Expected a list of items but got type"),
        ("report", {"word": ["x"]}, 400, "There is no 'word' here. These are known: words, "),
        ("report", {"not_before": "2999-01-01T00:00:00Z"}, 400, "not_before is more than a year ahead."),
        ("purge", {}, 422, "Job 'purge' starts only with its word of confirmation: send confirm='delete'."),
        ("no_such", {}, 404, "No job is declared as 'no_such'."),
    ],
)
def test_what_is_refused_says_what_to_do_and_starts_nothing(post, job, body, status, sentence):
    answer = post(body, job)
    assert (answer.status_code, sentence in answer.json()["detail"]) == (status, True), answer.json()
    assert not Run.objects.exists()


def test_fields_become_words_and_the_parsers_sentence_lands_at_its_field(post):
    assert post({"fields": {"what": "huge"}}).json()["arguments"] == ["huge"]
    refused = post({"fields": {"what": "nothing"}}).json()
    assert (refused["status"], refused["type"]) == (422, "urn:problem-type:nightshift:invalid-arguments")
    [(field, [sentence])] = refused["errors"].items()
    assert (field, sentence == refused["detail"]) == ("fields.what", True)
    assert sentence.startswith("argument what: invalid choice: 'nothing'")
    assert list(post({"fields": {"waht": "huge"}}).json()["errors"]) == ["fields.waht"]
    assert list(post({"fields": {}, "words": []}).json()["errors"]) == ["fields"]


def test_a_repeated_request_starts_nothing_again(post):
    first, again = post(key='"k-1"'), post(key='"k-1"')
    assert (first.status_code, again.status_code) == (201, 200)
    assert ("Idempotent-Replayed" in first.headers, again.headers["Idempotent-Replayed"]) == (False, "true")
    assert (again.json()["id"], again.headers["Location"]) == (first.json()["id"], first.headers["Location"])
    assert Run.objects.count() == 1


def test_a_key_belongs_to_its_request_and_to_whoever_sends_it(post):
    post(key="k-1")
    other = post({"words": ["--raw", "x"]}, key="k-1")
    assert (other.status_code, other.json()["type"]) == (422, "urn:problem-type:nightshift:used-for-another")
    assert "Give each request a key of its own" in other.json()["detail"]
    assert post(key="k-1", client=signed_in(a_user("olga", "operator", "*"))).status_code == 201
    assert post(key="with space").status_code == 400


def test_a_request_at_work_is_told_at_once(post, admin_user, locked):
    name = f"jobs.idempotency/{admin_user.get_username()}/k-1"
    with locked("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", name):
        answer = post(key="k-1")
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:problem-type:nightshift:still-at-work")
    assert not Run.objects.exists()


def test_a_request_that_was_refused_may_be_repeated_with_its_key(post):
    assert post(job="purge", key="k-1").status_code == 422
    assert post({"confirm": "delete"}, job="purge", key="k-1").status_code == 201


@pytest.mark.parametrize("path", ["jobs/report/runs/", "runs/{run}/retry/"])
@pytest.mark.parametrize(("grant", "status"), [(("viewer", "*"), 403), (("viewer", "purge"), 404)])
def test_a_refusal_leaves_an_event_also_with_a_key(post, path, grant, status):
    client = signed_in(a_user("vera", *grant))
    address = f"/api/v1/{path.format(run=a_run(job='report', status='failed').pk)}"
    for refusals in (1, 2):
        answer = client.post(address, content_type="application/json", headers={"Idempotency-Key": "k-1"})
        event = Event.objects.get(kind="refused", by="vera", job="report")
        assert (answer.status_code, event.count) == (status, refusals)
    assert not IdempotencyKey.objects.exists()


def test_a_run_that_is_not_there_is_not_retried(post, admin_client):
    answer = admin_client.post("/api/v1/runs/4711/retry/", {}, content_type="application/json")
    assert (answer.status_code, answer.json()["detail"].split(". ")[0]) == (404, "There is no run 4711")


@pytest.mark.django_db(transaction=True)
def test_nobody_is_woken_for_a_run_before_it_is_committed(post, monkeypatch):
    from django.db import connection

    woken = []
    monkeypatch.setattr(doorbell, "ring", lambda run, delay: woken.append((run, connection.in_atomic_block)))
    run = post(key="k-1").json()["id"]
    assert woken == [(run, False)]


def test_keys_are_kept_for_seven_days(post):
    for age, key in ((6, "young"), (8, "old")):
        post(key=key)
        sql.execute("UPDATE nightshift_idempotencykey SET at = at - %s WHERE key = %s", [timedelta(days=age), key])
    prune()
    assert [*IdempotencyKey.objects.values_list("key", flat=True)] == ["young"]
