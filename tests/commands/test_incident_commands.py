"""What is wrong, at the command line: the list, one of them, and what is done about it."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from jobs.choices import Cause
from jobs.ledger import states
from jobs.management.operator import operator
from jobs.models import Delivery, Incident
from tests.helpers.rows import a_run

pytestmark = pytest.mark.django_db


@pytest.fixture
def incident(declared):
    declared("nightly", command="succeeds", owner="ops@example.com", runbook="https://wiki.example.com/nightly")
    declared("quiet", command="succeeds")
    run = a_run(status="failed", error="OSError: disk full")
    return Incident.objects.create(
        job="nightly",
        cause=Cause.FAILED,
        detail="A run failed.",
        error="OSError: disk full",
        count=3,
        opened_at=states.clock() - timedelta(hours=2),
        first_run_id=run.pk,
        last_run_id=run.pk,
    )


def test_the_list_has_the_worst_first_and_what_is_over_only_if_asked(says, incident):
    ours = Incident.objects.create(cause=Cause.NOT_RUNNING, detail="Not running 02:10–02:47 UTC.")
    over = Incident.objects.create(
        job="nightly", cause=Cause.LOST, resolved_at=states.clock(), resolution="by_hand", resolved_by="ada"
    )
    rows = [line.split() for line in says("incidents").splitlines()[1:]]
    assert [row[:4] for row in rows] == [
        [str(ours.pk), "critical", "(nightshift)", "not_running"],
        [str(incident.pk), "error", "nightly", "failed"],
    ]
    assert says("incidents", "nightly", "--all").splitlines()[2].split()[-3:] == ["resolved", "by", "ada"]
    assert [row["id"] for row in json.loads(says("incidents", "--all", "--format", "json"))] == [
        *(ours.pk, incident.pk, over.pk)
    ]
    assert says("incidents", "quiet") == "No open incidents of quiet.\n"
    assert says("incidents", "nightly", "--cause", "drift") == "No open incidents of nightly.\n"
    with pytest.raises(CommandError, match="No job is declared as 'nightli'"):
        call_command("incidents", "nightli")


def test_one_of_them_says_what_is_wrong_and_what_to_do(says, incident):
    says("incident", "acknowledge", str(incident.pk), "--note", "I call the provider.")
    said = says("incident", "show", str(incident.pk)).splitlines()
    assert said[:3] == [
        f"Incident {incident.pk} of nightly: error, failed.",
        "A run failed.",
        "OSError: disk full",
    ]
    assert said[3].endswith(" UTC, 2 h ago, found 3 times.")
    assert said[4].startswith(f"{operator()} works on it since ")
    assert said[4].endswith(": I call the provider.")
    assert said[5:9] == [
        "What to do: Read its output, then run it again.",
        "Runbook: https://wiki.example.com/nightly",
        "Owner: ops@example.com",
        f"Latest run: {incident.last_run_id}. `manage.py output {incident.last_run_id}` shows what it wrote.",
    ]
    assert said[9].endswith(f"Run {incident.last_run_id} failed: OSError: disk full")
    assert json.loads(says("incident", "show", str(incident.pk), "--format", "json"))["moments"][-1]["by"] == operator()


def test_it_says_who_was_told(says, incident):
    now = states.clock()
    for channel, fields in {
        "ops": {"attempts": 1, "delivered_at": now, "answer": "250 OK"},
        "pager": {"attempts": 2, "answer": "503 Busy."},
        "chat": {"given_up_at": now, "why": "The channel is off."},
        "hook": {},
    }.items():
        Delivery.objects.create(incident=incident, incidents=[incident.pk], kind="opened", channel=channel, **fields)
    said = [line.partition("UTC  ")[2] for line in says("incident", "show", str(incident.pk)).splitlines()[-4:]]
    assert said == [
        "Opened, to ops: delivered.",
        "Opened, to pager: waits: 503 Busy.",
        "Opened, to chat: not sent, The channel is off.",
        "Opened, to hook: waits.",
    ]


def test_it_is_snoozed_and_resolved(says, incident):
    number = str(incident.pk)
    assert says("incident", "snooze", number, "--until", "2h").startswith(f"Nothing is sent about incident {number} ")
    assert "Nobody works on it yet. Snoozed until " in says("incident", "show", number)
    assert says("incident", "snooze", number, "--until", "now") == (
        f"Messages are sent about incident {number} again from now on.\n"
    )
    assert says("incident", "resolve", number) == f"Incident {number} is resolved.\n"
    assert f": by_hand by {operator()}." in says("incident", "show", number)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["snooze", "{id}"], "Say until when: --until 2h, or --until now to end the snooze."),
        (["snooze", "{id}", "--until", "40d"], "An incident can be snoozed for 30 days at most"),
        (["snooze", "{id}", "--until", "2h", "--note", "x"], "--note is for acknowledge and resolve: leave it out."),
        (["resolve", "{id}", "--until", "2h"], "--until is for snooze: leave it out to resolve an incident."),
        (["show", "99999999"], "There is no incident 99999999, or you may not see it."),
    ],
)
def test_what_cant_be_done_gets_one_sentence(incident, words, sentence):
    with pytest.raises(CommandError) as error:
        call_command("incident", *(word.format(id=incident.pk) for word in words))
    assert str(error.value).startswith(sentence)


def test_one_that_is_refused_keeps_no_other_from_it(says, incident):
    with pytest.raises(CommandError, match="There is no incident 99999999"):
        call_command("incident", "resolve", "99999999", str(incident.pk))
    incident.refresh_from_db()
    assert incident.resolution == "by_hand"
