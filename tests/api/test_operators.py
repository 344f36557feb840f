"""What operators do through the API with many runs, with what was missed, and with everything."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from jobs.choices import Status
from jobs.declarations.registry import registry
from jobs.ledger.settle import settle
from jobs.models import Gap, Run
from tests.helpers.at_once import at_once
from tests.helpers.people import a_token, a_user, bearing
from tests.helpers.rows import NOON, a_queued_run, a_run, first_seen_at

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def call(declared, admin_client):
    declared("report", command="reports", secrets=["--raw"], overlap="allow")
    declared("purge", command="succeeds", confirm="delete", schedule="0 0 3 * * *")

    def send(method, path, body=None, client=admin_client, **headers):
        data = {} if body is None else {"data": body, "content_type": "application/json"}
        answer = getattr(client, method)(f"/api/v1/{path if '?' in path else f'{path}/'}", headers=headers, **data)
        return answer.status_code, answer.json()

    return send


def test_an_ended_run_is_retried_once_with_its_words_or_with_others(call):
    ended = a_run("report", Status.FAILED, arguments=["--raw", "s3cr3t-word"], labels=["ticket/4711"])
    status, run = call("post", f"runs/{ended.pk}/retry", {})
    assert (status, run["retry_of"], run["arguments"]) == (201, ended.pk, ["--raw", "********"])
    assert run["labels"] == ["ticket/4711"]
    first, again = (
        call("post", f"runs/{ended.pk}/retry", {"fields": {"raw": "x"}}, **{"Idempotency-Key": "k-1"}) for _ in range(2)
    )
    assert (first[0], again[0], again[1]["id"]) == (201, 200, first[1]["id"])
    assert Run.objects.get(pk=first[1]["id"]).arguments[-1].endswith("x")
    for run, body, refusal in [
        (ended, {"words": ["--no-such"]}, (422, "invalid-arguments")),
        (a_queued_run("report"), {}, (409, "still-active")),
        (a_run("purge"), {}, (422, "unconfirmed")),
        (a_run("gone"), {}, (404, "unknown-job")),
    ]:
        status, problem = call("post", f"runs/{run.pk}/retry", body)
        assert (status, problem["type"].rpartition(":")[2]) == refusal


def test_a_start_has_labels_and_may_be_in_spite_of_a_hold(call):
    call("put", "hold", {"reason": "release", "all_starts": True})
    _, waits = call("post", "jobs/report/runs", {"labels": ["ticket/4711"]})
    assert waits["labels"] == ["ticket/4711"]
    assert waits["obstacle"]["rule"] == "hold"
    assert [run["id"] for run in call("get", "runs/?run_label=ticket/4711")[1]["results"]] == [waits["id"]]
    assert call("post", "jobs/report/runs", {"despite_hold": True})[1]["obstacle"] is None
    status, problem = call("post", "jobs/report/runs", {"labels": ["No Label"]})
    assert (status, problem["type"].rpartition(":")[2]) == (422, "bad-label")


def test_everything_is_held_by_one_and_the_hold_is_ended_once(call):
    assert call("get", "hold")[1]["is_held"] is False
    status, held = call("put", "hold", {"reason": "release", "until": "2999-01-01T00:00:00Z"})
    assert (status, held["is_held"], held["reason"], held["until"]) == (200, True, "release", "2999-01-01T00:00:00Z")
    assert call("put", "hold", {"reason": "again"})[0] == 409
    status, held = call("delete", "hold")
    assert (status, held["is_held"], bool(held["ended_by"])) == (200, False, True)
    assert [call("delete", "hold")[0], call("put", "hold", {"reason": "x", "until": "2020-01-01T00:00:00Z"})[0]] == [
        409,
        422,
    ]


def test_notes_are_written_and_read(call):
    run = a_run("report")
    assert call("post", f"runs/{run.pk}/notes", {"text": "The supplier was late."})[0] == 201
    assert call("post", "jobs/report/notes", {"text": "It is often late."})[0] == 201
    assert [note["text"] for note in call("get", f"runs/{run.pk}/notes")[1]["results"]] == ["The supplier was late."]
    assert [note["run"] for note in call("get", "jobs/report/notes")[1]["results"]] == [None, run.pk]
    assert [call("post", "jobs/report/notes", {"text": text})[0] for text in ("", "x" * 1001)] == [400, 400]


def test_what_is_selected_is_frozen_and_each_answers_for_itself(call):
    failed = [a_run("report", Status.FAILED), a_run("purge", Status.FAILED)]
    status, selected = call("post", "selections", {"runs": {"status": ["failed"], "finished_after": NOON.isoformat()}})
    assert (status, selected["count"], selected["highest_id"]) == (201, 2, failed[1].pk)
    later = a_run("report", Status.FAILED)
    status, applied = call("post", "selections/apply", {"token": selected["token"], "act": "retry"})
    assert [(each["run"], each["done"]) for each in applied["results"]] == [(failed[0].pk, True), (failed[1].pk, False)]
    assert applied["results"][1]["says"].startswith("Job 'purge' starts only with its word of confirmation")
    assert (applied["left"], Run.objects.filter(retry_of=later).count()) == (0, 0)
    assert call("post", "selections/apply", {"token": selected["token"], "act": "cancel"})[0] == 409

    _, selected = call("post", "selections", {"jobs": {"search": "report"}})
    apply = {"token": selected["token"], "act": "pause", "reason": "release"}
    assert call("post", "selections/apply", apply)[1]["results"] == [
        {"run": None, "job": "report", "done": True, "says": "It is paused."}
    ]
    assert call("get", "jobs/report")[1]["paused_reason"] == "release"
    assert call("post", "selections", {})[0] == 400


def test_nobody_acts_by_a_selection_on_what_they_may_not(call, declared):
    declared("billed", command="succeeds", labels=["billing"], overlap="allow")
    runs = [a_run("billed", Status.FAILED), a_run("report", Status.FAILED)]
    clients = {role: bearing(a_token(a_user(role, role))[1]) for role in ("viewer", "operator")}
    for role, done in (("viewer", False), ("operator", True)):
        _, selected = call("post", "selections", {"runs": {}}, client=clients[role])
        apply = {"token": selected["token"], "act": "retry"}
        assert call("post", "selections/apply", apply)[0] == 404, "a selection is its owner's"
        found = call("post", "selections/apply", apply, client=clients[role])[1]["results"]
        assert [(each["run"], each["done"]) for each in found] == [(runs[0].pk, done)]


def test_runs_are_selected_by_their_numbers_and_then_frozen_as_a_lists_are(call):
    failed = [a_run("report", Status.FAILED).pk for _ in range(3)]
    status, selected = call("post", "selections", {"run_ids": [failed[2], failed[0], failed[0]]})
    assert (status, selected["count"], selected["highest_id"]) == (201, 2, failed[2])
    applied = call("post", "selections/apply", {"token": selected["token"], "act": "retry"})[1]
    assert [(each["run"], each["done"]) for each in applied["results"]] == [(failed[0], True), (failed[2], True)]
    assert call("post", "selections/apply", {"token": selected["token"], "act": "pause"})[0] == 409
    wrong = [[], [0], ["x"], list(range(1, 1002)), [2**63]]
    assert {call("post", "selections", {"run_ids": ids})[0] for ids in wrong} == {400}
    assert "run_ids is 'x'. Write a number such as 1." in str(call("post", "selections", {"run_ids": ["x"]})[1])
    assert call("post", "selections", {"run_ids": failed, "runs": {}})[0] == 400


def test_a_run_that_may_not_be_seen_is_selected_no_more_than_one_that_isnt_there(call, declared):
    declared("billed", command="succeeds", labels=["billing"])
    seen, unseen = a_run("billed", Status.FAILED).pk, a_run("report", Status.FAILED).pk
    client = bearing(a_token(a_user("operator", "operator"))[1])
    answers = {
        number: call("post", "selections", {"run_ids": [seen, number]}, client=client) for number in (unseen, 10**9)
    }
    for number, (status, answer) in answers.items():
        sentence = f"There is no run {number}, so nothing is selected. Leave out what isn't there."
        assert (status, answer["detail"]) == (422, sentence)
    many = [seen, *range(10**9, 10**9 + 7)]
    assert "1000000004 and 2 more, so" in call("post", "selections", {"run_ids": many}, client=client)[1]["detail"]
    assert call("post", "selections", {"run_ids": [seen]}, client=client)[0] == 201


@pytest.mark.django_db(transaction=True)
def test_two_calls_repair_a_gap_of_37_once_while_the_schedule_goes_on(declared, monkeypatch, rung):
    first_seen_at(monkeypatch, NOON)
    declared("often", command="succeeds", schedule="0 * * * * *", start_deadline="never")
    for number in (0, 38):
        settle(registry.scheduled(), NOON + number * MINUTE)
    gap = Gap.objects.get()
    secret = a_token(a_user("olga", "operator", "*"))[1]
    ask = {"headers": {"Authorization": f"Bearer {secret}"}}
    preview = Client().get(f"/api/v1/jobs/often/missed/?gap={gap.pk}", **ask).json()
    assert (preview["count"], len(preview["occurrences"]), preview["gaps"][0]["count"]) == (37, 37, 37)

    def act(who):
        if who == "the schedule":
            return [settle(registry.scheduled(), NOON + number * MINUTE) for number in range(39, 60)]
        body = {"gap": gap.pk, "note": "the database was away"}
        return Client().post("/api/v1/jobs/often/missed/", body, content_type="application/json", **ask).json()

    *answers, _ = at_once(act, ["one", "another", "the schedule"])
    moments = sorted(NOON + number * MINUTE for number in range(1, 38))
    assert sorted(len(answer["runs"]) for answer in answers) == [0, 37]
    assert sorted(len(answer["with_run"]) for answer in answers) == [0, 37]
    repairs = Run.objects.filter(job="often", trigger="repair").order_by("scheduled_for")
    assert list(repairs.values_list("scheduled_for", flat=True)) == moments
    assert not Gap.objects.filter(first__lte=moments[-1]).exists()
    assert Run.objects.filter(job="often", scheduled_for__in=moments).count() == 37


def test_fifty_rows_cost_as_many_queries_as_one(admin_client, declared):
    declared("nightly", command="succeeds", schedule="0 0 3 * * *")
    run = a_run()
    paths = ["jobs/", "runs/", "events/?after=0", "audit/", "hold/", "jobs/nightly/notes/", f"runs/{run.pk}/notes/"]
    paths += ["grants/", "tokens/", "upcoming/", "drift/"]
    # As a process is that has answered before, beside a ledger in which something has happened.
    admin_client.post("/api/v1/jobs/nightly/pause/", {"reason": "release"}, content_type="application/json")
    for path in paths:
        _queries(admin_client, path)
    few = {path: _queries(admin_client, path) for path in paths}
    for number in range(20):
        declared(f"job_{number}", command="succeeds", schedule="0 0 3 * * *")
        a_user(f"user_{number}", "operator", f"job_{number}")
        a_token(a_user(f"bearer_{number}", "viewer"))
        admin_client.post(f"/api/v1/jobs/job_{number}/pause/", {"reason": "release"}, content_type="application/json")
        for path in ("jobs/nightly/notes/", f"runs/{run.pk}/notes/"):
            admin_client.post(f"/api/v1/{path}", {"text": "late"}, content_type="application/json")
        a_run(f"job_{number}", blocked_by=run)
    assert {path: _queries(admin_client, path) for path in paths} == few


def _queries(client, path):
    with CaptureQueriesContext(connection) as found:
        assert client.get(f"/api/v1/{path}").status_code == 200
    return len(found)
