"""Every URL of the API, by every method that it has, as everybody: who gets in, who may do it, and who sees nothing."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import transaction

from jobs.api.urls import V1
from jobs.choices import ROLES, Cause, Verb
from jobs.models import ChannelOff, Grant, Incident, JobState, Preset
from tests.helpers.people import LABEL, PEOPLE, a_service, a_token
from tests.helpers.rows import a_pause, a_queued_run, a_run, an_attempt, an_override

pytestmark = pytest.mark.django_db

# Of jobs: everybody who has a grant gets those that it allows.
LISTED, ADMIN = "listed", "administers everything"
# A token makes no token; what isn't yours to end isn't there.
SIGNED_IN, NOT_YOURS = "signed in", "not yours"
SCOPE = {"role": "viewer", "jobs": "*"}
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).isoformat()
WINDOW = "after=2026-03-01T00:00:00Z&before=2026-03-20T00:00:00Z"
MISSED = {"after": "2026-03-01T00:00:00Z", "before": "2026-03-20T00:00:00Z"}
# By name and method: what it needs, its path, its body, and how it answers to whoever may.
URLS = {
    ("jobs", "get"): (LISTED, "jobs/", None, 200),
    ("job", "get"): (Verb.VIEW, "jobs/billed/", None, 200),
    ("alert_trial", "get"): (Verb.VIEW, "jobs/billed/alerts/trial/?rule=failed(in_a_row=2)", None, 200),
    ("explain", "get"): (Verb.VIEW, "jobs/billed/explain/", None, 200),
    ("ledger", "get"): (Verb.VIEW, f"jobs/billed/ledger/?{WINDOW}", None, 200),
    ("missed", "get"): (Verb.RUN, f"jobs/billed/missed/?{WINDOW}", None, 200),
    ("missed", "post"): (Verb.RUN, "jobs/billed/missed/", MISSED, 200),
    ("job_notes", "get"): (Verb.VIEW, "jobs/billed/notes/", None, 200),
    ("job_notes", "post"): (Verb.RUN, "jobs/billed/notes/", {"text": "often late"}, 201),
    ("next", "get"): (Verb.VIEW, "jobs/billed/next/", None, 200),
    ("openapi", "get"): (Verb.VIEW, "jobs/billed/openapi/", None, 200),
    ("override", "put"): (Verb.OVERRIDE, "jobs/billed/override/", {"schedule": "0 0 4 * * *"}, 200),
    ("override", "delete"): (Verb.OVERRIDE, "jobs/changed/override/", None, 200),
    ("pause", "post"): (Verb.PAUSE, "jobs/billed/pause/", {"reason": "release"}, 200),
    ("presets", "get"): (Verb.RUN, "jobs/billed/presets/", None, 200),
    ("presets", "post"): (Verb.RUN, "jobs/billed/presets/", {"name": "loud", "words": ["--verbosity", "2"]}, 201),
    ("preset", "delete"): (Verb.OVERRIDE, "jobs/billed/presets/{preset}/", None, 200),
    ("resume", "post"): (Verb.PAUSE, "jobs/changed/resume/", None, 200),
    ("start", "post"): (Verb.RUN, "jobs/billed/runs/", {}, 201),
    ("statistics", "get"): (Verb.VIEW, "jobs/billed/statistics/", None, 200),
    ("who_may", "get"): (Verb.ADMIN, "jobs/billed/who-may/", None, 200),
    ("runs", "get"): (LISTED, "runs/", None, 200),
    ("run", "get"): (Verb.VIEW, "runs/{ended}/", None, 200),
    ("cancel", "post"): (Verb.CANCEL, "runs/{queued}/cancel/", {"reason": "not today"}, 200),
    ("retry", "post"): (Verb.RUN, "runs/{ended}/retry/", {"words": []}, 201),
    ("run_notes", "get"): (Verb.VIEW, "runs/{ended}/notes/", None, 200),
    ("run_notes", "post"): (Verb.RUN, "runs/{ended}/notes/", {"text": "late again"}, 201),
    ("output", "get"): (Verb.OUTPUT, "runs/{ended}/output/", None, 200),
    ("pieces", "get"): (Verb.OUTPUT, "runs/{ended}/output/pieces/", None, 200),
    ("pin", "put"): (Verb.OVERRIDE, "runs/{ended}/pin/", {}, 200),
    ("pin", "delete"): (Verb.OVERRIDE, "runs/{ended}/pin/", None, 200),
    # Nobody here has an address, and no service ever has.
    ("watch", "put"): (Verb.VIEW, "runs/{queued}/watch/", None, 422),
    ("watch", "delete"): (Verb.VIEW, "runs/{queued}/watch/", None, 200),
    ("audit", "get"): (ADMIN, "audit/", None, 200),
    ("channels", "get"): (ADMIN, "channels/", None, 200),
    ("channel_test", "post"): (ADMIN, "channels/gone/test/", None, 200),
    ("channel_on", "post"): (ADMIN, "channels/gone/on/", None, 200),
    ("grants", "get"): (ADMIN, "grants/", None, 200),
    ("grants", "post"): (ADMIN, "grants/", {"group": "ops", "role": "viewer", "jobs": "*"}, 201),
    ("grant", "delete"): (ADMIN, "grants/9999/", None, 200),
    ("hold", "get"): (LISTED, "hold/", None, 200),
    ("hold", "put"): (ADMIN, "hold/", {"reason": "release"}, 200),
    ("hold", "delete"): (ADMIN, "hold/", None, 409),
    ("incidents", "get"): (LISTED, "incidents/", None, 200),
    ("incident", "get"): (Verb.VIEW, "incidents/{incident}/", None, 200),
    ("acknowledge", "post"): (Verb.ALERTS, "incidents/{incident}/acknowledge/", {"note": "on it"}, 200),
    ("resolve", "post"): (Verb.ALERTS, "incidents/{incident}/resolve/", {}, 200),
    ("snooze", "post"): (Verb.ALERTS, "incidents/{incident}/snooze/", {"until": TOMORROW}, 200),
    ("selections", "post"): (LISTED, "selections/", {"runs": {"status": ["failed"]}}, 201),
    ("apply", "post"): (LISTED, "selections/apply/", {"token": "none", "act": "retry"}, 404),
    ("tokens", "get"): (LISTED, "tokens/", None, 200),
    ("tokens", "post"): (SIGNED_IN, "tokens/", {"name": "ci", "scopes": [SCOPE], "expires_at": TOMORROW}, 201),
    ("token", "delete"): (NOT_YOURS, "tokens/9999/", None, 200),
    ("drift", "get"): (LISTED, "drift/", None, 200),
    ("events", "get"): (LISTED, "events/?after=0", None, 200),
    ("upcoming", "get"): (LISTED, "upcoming/", None, 200),
    ("docs", "get"): (LISTED, "docs/", None, 200),
    ("schema", "get"): (LISTED, "schema/", None, 200),
}
NOBODY = {"anonymous", "expired token", "revoked token", "App Service header without the setting"}
# With grants for other jobs than those with the label, or a token that is no good for them.
ELSEWHERE = {"operator of another label", "token with the wrong scope"}
HOLDS = {"viewer": "viewer", "operator": "operator", "owner": "owner", "administrator": "administrator"}
HOLDS |= {"token": "operator", "service token": "operator"}


@pytest.fixture
def ledger(declared):
    for name in ("billed", "changed"):
        declared(name, command="succeeds", schedule="0 0 3 * * *", labels=[LABEL])
    declared("other", command="succeeds", schedule="0 0 3 * * *")
    ended, queued = a_run("billed"), a_queued_run("billed")
    an_attempt(ended, written=[b"text"])
    a_pause("changed")
    an_override("changed", schedule="0 0 5 * * *")
    Group.objects.create(name="ops")
    service = a_service("other-program")
    Grant.objects.create(pk=9999, service=service, verbs=["view"], selector="*")
    a_token(service, pk=9999)
    ChannelOff.objects.create(name="gone", why="410 Gone")
    JobState.objects.get_or_create(job="other")
    a_run("other")
    incident, _ = (Incident.objects.create(job=job, cause=Cause.FAILED) for job in ("billed", "other"))
    preset = Preset.objects.create(job="billed", name="quiet", words=["--verbosity", "0"], by="somebody else")
    return {"ended": ended.pk, "queued": queued.pk, "incident": incident.pk, "preset": preset.pk}


def expected(needs, who, answer):
    if who in NOBODY:
        return 401
    if who == "stranger":
        return 403
    if needs == LISTED:
        return answer
    if needs in {ADMIN, NOT_YOURS}:
        return answer if who == "administrator" else 403 if needs == ADMIN else 404
    if needs == SIGNED_IN:
        return 403 if "token" in who else answer
    if who in ELSEWHERE:
        return 404
    return answer if needs in ROLES[HOLDS[who]] else 403


def methods(view):
    return {name for name in view.http_method_names if name not in {"options", "head"} and hasattr(view, name)}


def test_every_url_has_its_row():
    found = {
        (each.name, method) for each in V1 if each.name != "nothing" for method in methods(each.callback.view_class)
    }
    assert found == URLS.keys()


def test_each_url_lets_in_who_may_and_nobody_else(ledger):
    wrong = []
    for who, make in PEOPLE.items():
        with transaction.atomic():  # what one does another finds undone
            client = make()
            for (name, method), (needs, path, body, answer) in URLS.items():
                with transaction.atomic():
                    data = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
                    found = getattr(client, method)(f"/api/v1/{path.format(**ledger)}", **data)
                    if found.status_code != expected(needs, who, answer):
                        wrong.append(f"{who}: {method} {name} is {found.status_code}: {found.content[:200]}")
                    transaction.set_rollback(True)
            transaction.set_rollback(True)
    assert wrong == []


def test_a_list_has_only_what_one_may_see(ledger):
    def read(who, path, name):
        return {row[name] for row in clients[who].get(f"/api/v1/{path}").json()["results"]}

    clients = {who: PEOPLE[who]() for who in ("viewer", "operator of another label", "administrator")}
    seen = {"viewer": {"billed", "changed"}, "operator of another label": set()}
    seen["administrator"] = {"billed", "changed", "other"}
    for who, jobs in seen.items():
        assert read(who, "jobs/", "name") == jobs
        assert read(who, "upcoming/?hours=72", "job") == jobs
        assert read(who, "runs/", "job") == jobs - {"changed"}
        assert read(who, "incidents/", "job") == jobs - {"changed"}
        assert read(who, "drift/", "job") == jobs & {"changed"}


def test_nobody_learns_the_names_of_jobs_that_he_may_not_see(ledger):
    client = PEOPLE["viewer"]()
    unseen, unknown = (client.get(f"/api/v1/jobs/{name}/") for name in ("other", "othr"))
    assert (unseen.status_code, unknown.status_code) == (404, 404)
    assert unseen.json()["detail"] == "No job is declared as 'other', or you may not see it."
    assert unknown.json()["detail"] == "No job is declared as 'othr', or you may not see it."
