"""What operators did is read from the verbs' own events."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError

from jobs.access.actor import Actor, Refused
from jobs.access.rules import Rule
from jobs.access.selectors import Selector
from jobs.choices import ROLES, Door, Verb
from jobs.ledger import events
from jobs.models import Event
from jobs.reading import keyset
from jobs.verbs.override import override
from jobs.verbs.pause import pause, resume
from jobs.verbs.start import start
from tests.helpers.moments import ago

pytestmark = pytest.mark.django_db


def holding(name, verbs, **fields):
    return Actor(name=name, rules=(Rule(verbs=frozenset(verbs), selector=Selector.read("*")),), **fields)


@pytest.fixture
def night(declared):
    """What was done and refused: by two people and a program."""
    declared("nightly", command="clearsessions", schedule="0 0 3 * * *")
    declared("fetch", command="clearsessions")
    ada = holding("ada", ROLES["owner"], door=Door.PAGE, address="192.0.2.7")
    robot = holding("service:deploy", ROLES["viewer"], door=Door.API, address="192.0.2.9", token="ci")
    pause(ada, "nightly", reason="the bank moves")
    resume(ada, "nightly")
    override(ada, "nightly", words=["--verbosity", "2"], reason="look closer")
    for _ in range(3):
        with pytest.raises(Refused):
            start(robot, "fetch")
    events.record("release", "Release 2 is in charge.", by="2")


def test_it_says_who_did_what_by_which_door_from_where_and_what_changed(night, says):
    at = [f"{event.at:%Y-%m-%d %H:%M:%S} UTC" for event in Event.objects.exclude(door="").order_by("-pk")]
    assert says("audit").splitlines() == [
        f"{at[0]}  refused  service:deploy  api from 192.0.2.9 with the token 'ci'",
        "    service:deploy may not run fetch. (3 times within the hour)",
        f"{at[1]}  overridden  ada  page from 192.0.2.7",
        "    nightly was overridden by ada: look closer",
        '    arguments: [] → ["--verbosity", "2"]',
        f"{at[2]}  resumed  ada  page from 192.0.2.7",
        "    nightly was resumed by ada.",
        '    Before: {"by": "ada", "reason": "the bank moves"}',
        f"{at[3]}  paused  ada  page from 192.0.2.7",
        "    nightly was paused by ada: the bank moves",
    ]


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        (["nightly"], ["overridden", "resumed", "paused"]),
        (["--by", "service:deploy"], ["refused"]),
        (["--door", "page", "--kind", "paused"], ["paused"]),
        (["fetch", "--door", "page"], []),
        (["--kind", "release"], ["release"]),
        (["--by", "2"], []),
        (["--since", "1h", "--limit", "2"], ["refused", "overridden"]),
        (["--until", "1h"], []),
        (["--since", "2026-01-31T02:00", "nightly", "--by", "ada", "--kind", "resumed"], ["resumed"]),
        (["--run", "17"], []),
    ],
)
def test_filters_leave_what_all_of_them_leave(night, says, words, kinds):
    assert [event["kind"] for event in json.loads(says("audit", *words, "--format", "json"))] == kinds


def test_an_event_is_found_by_its_run(declared, says):
    declared("fetch", command="clearsessions")
    ada = holding("ada", [Verb.RUN], door=Door.PAGE)
    run, _ = start(ada, "fetch", ring=False), start(ada, "fetch", ring=False)
    [found] = json.loads(says("audit", "--run", str(run.pk), "--format", "json"))
    assert (found["run"], found["by"]) == (run.pk, "ada")


def test_it_says_where_it_stopped_looking(night, says, monkeypatch):
    monkeypatch.setattr(keyset, "WINDOW", 2)
    stderr = StringIO()
    for words, more in [
        (["nightly", "--by", "ada"], True),
        (["nightly", "--kind", "resumed", "--limit", "1"], False),
    ]:
        says("audit", *words, stderr=stderr)
        assert stderr.getvalue().startswith("Only the newest 10,000 events were looked at") is more
        stderr.truncate(0)


@pytest.mark.parametrize(
    "words", [["nightly", "--by", "ada"], ["--kind", "paused", "--by", "ada"], ["--door", "shell"]]
)
def test_few_acts_are_found_among_many_that_another_filter_leaves(says, monkeypatch, words):
    """Whichever filter leaves the fewest events is read, and no other is followed to its end."""
    monkeypatch.setattr(keyset, "WINDOW", 2)
    for by, door in (("ada", "shell"), *[("grace", "page")] * 5):
        Event.objects.create(by=by, door=door, job="nightly", kind="paused", message=f"{by} paused nightly.")
    stderr = StringIO()
    found = json.loads(says("audit", *words, "--format", "json", stderr=stderr))
    assert ([event["by"] for event in found], stderr.getvalue()) == (["ada"], "")


def test_a_moment_that_is_none_is_refused_with_an_example(says):
    with pytest.raises(CommandError, match="--since: 'noon' is not a time"):
        says("audit", "--since", "noon")
    assert says("audit", "--since", f"{ago(days=2):%Y-%m-%dT%H:%M}") == "No such events.\n"
