"""Every verb, called directly, decides itself; a refusal leaves an event, and changes nothing."""

import pytest

from jobs.access.actor import Actor, Refused, Unseen
from jobs.access.rules import Rule
from jobs.access.selectors import Selector
from jobs.choices import ROLES, Door, Verb
from jobs.ledger import selections
from jobs.ledger.selections import ACTS as ACTS_ON
from jobs.models import Event, Intervention, Run
from jobs.reading.transcript import UnknownRun
from jobs.verbs.cancel import cancel
from jobs.verbs.hold import end_hold, hold
from jobs.verbs.many import NEEDS, act_on_selection
from jobs.verbs.missed import preview_missed, run_missed
from jobs.verbs.note import note_on_day, note_on_job, note_on_run
from jobs.verbs.override import end_override, override
from jobs.verbs.pause import pause, resume
from jobs.verbs.pin import pin, unpin
from jobs.verbs.preset import delete_preset, save_preset
from jobs.verbs.retry import retry
from jobs.verbs.start import Unconfirmed, start
from tests.helpers.rows import NOON, a_queued_run, a_run

pytestmark = pytest.mark.django_db(transaction=True)

# Of a job: the verb that it needs, and how it is done.
ACTS = {
    "start": (Verb.RUN, lambda actor, run: start(actor, run.job)),
    "cancel": (Verb.CANCEL, lambda actor, run: cancel(actor, run.pk)),
    "pause": (Verb.PAUSE, lambda actor, run: pause(actor, run.job)),
    "resume": (Verb.PAUSE, lambda actor, run: resume(actor, run.job)),
    "override": (Verb.OVERRIDE, lambda actor, run: override(actor, run.job, words=["--verbosity", "2"])),
    "end_override": (Verb.OVERRIDE, lambda actor, run: end_override(actor, run.job)),
    "pin": (Verb.OVERRIDE, lambda actor, run: pin(actor, run.pk)),
    "unpin": (Verb.OVERRIDE, lambda actor, run: unpin(actor, run.pk)),
    "run_missed": (Verb.RUN, lambda actor, run: run_missed(actor, run.job, after=NOON, before=NOON)),
    "preview_missed": (Verb.RUN, lambda actor, run: preview_missed(actor, run.job, after=NOON, before=NOON)),
    "note_on_run": (Verb.RUN, lambda actor, run: note_on_run(actor, run.pk, "the supplier was late")),
    "note_on_job": (Verb.RUN, lambda actor, run: note_on_job(actor, run.job, "the supplier is often late")),
    "save_preset": (Verb.RUN, lambda actor, run: save_preset(actor, run.job, "loud", ["--verbosity", "2"])),
    "delete_preset": (Verb.OVERRIDE, lambda actor, run: delete_preset(actor, run.job, "loud")),
    "retry": (Verb.RUN, lambda actor, run: retry(actor, run.pk)),
}


def holding(verbs, selector="nightly"):
    rule = Rule(verbs=frozenset(verbs), selector=Selector.read(selector))
    return Actor(name="ada", door=Door.API, rules=(rule,), address="192.0.2.7", token="deploy")


@pytest.fixture
def run(declared):
    declared("nightly", command="clearsessions", schedule="0 0 3 * * *")
    return a_queued_run()


@pytest.mark.parametrize("act", ACTS)
def test_a_verb_is_refused_to_whom_it_was_not_granted(run, act):
    verb, do = ACTS[act]
    everything_else = set(Verb) - {verb}
    with pytest.raises(Refused, match=f"ada may not {verb.value} nightly"):
        do(holding(everything_else), run)
    for nothing in (holding([]), holding(Verb, "other-*")):
        with pytest.raises((Unseen, UnknownRun)):
            do(nothing, run)
    assert [*Event.objects.values_list("kind", "job", "by", "door", "address", "token", "count")] == [
        ("refused", "nightly", "ada", "api", "192.0.2.7", "deploy", 3)
    ]
    assert (Run.objects.count(), Intervention.objects.count()) == (1, 0)
    run.refresh_from_db()
    assert (run.status, run.pinned) == ("queued", False)


def test_only_who_may_pause_all_jobs_holds_everything(run):
    for actor in (holding(Verb), holding(set(Verb) - {Verb.PAUSE}, "*")):
        for act in (lambda actor: hold(actor, reason="release"), end_hold):
            with pytest.raises(Refused, match="ada may not pause all jobs"):
                act(actor)
    assert not Intervention.objects.exists()
    assert set(Event.objects.values_list("kind", flat=True)) == {"refused"}
    everywhere = holding(Verb, "*")
    hold(everywhere, reason="release")
    assert end_hold(everywhere).ended_by == "ada"


@pytest.mark.parametrize(("act", "verb"), NEEDS.items())
def test_a_selection_is_acted_on_as_far_as_its_owner_may(run, act, verb):
    actor = holding(set(Verb) - {verb})
    if act in ACTS_ON["runs"]:
        selected = selections.select_runs(Run.objects.all(), {}, by="ada")
    else:
        selected = selections.select_jobs(["nightly"], {}, by="ada")
    [result] = act_on_selection(actor, selected.token, act).results
    assert (result.done, result.says) == (False, f"You may not {act.value} nightly.")
    assert [*Event.objects.values_list("kind", "job", "door", "token")] == [("refused", "nightly", "api", "deploy")]
    assert not Run.objects.exclude(status="queued").exists()
    assert not Intervention.objects.exists()


def test_what_was_granted_is_done_and_told(run):
    actor = holding(ROLES["owner"])
    acts = ("pause", "resume", "override", "end_override", "pin", "unpin", "note_on_run", "note_on_job", "cancel")
    for act in (*acts, "retry", "start"):
        ACTS[act][1](actor, run)
    assert [*Event.objects.order_by("pk").values_list("kind", flat=True)] == [
        "paused",
        "resumed",
        "overridden",
        "override_ended",
        "pinned",
        "unpinned",
        "noted",
        "noted",
        "cancelled",
        "started",
        "started",
    ]
    assert set(Event.objects.values_list("by", "door", "address", "token")) == {("ada", "api", "192.0.2.7", "deploy")}
    overridden = Event.objects.get(kind="overridden")
    assert (overridden.before["arguments"], overridden.after["arguments"]) == ([], ["--verbosity", "2"])


def test_a_note_about_a_day_is_for_who_may_run_all_jobs(run):
    with pytest.raises(Refused):
        note_on_day(holding(Verb), NOON.date(), "moved")
    assert note_on_day(holding([Verb.RUN], "*"), NOON.date(), "moved").by == "ada"


def test_a_name_that_a_client_made_up_is_not_kept(run):
    with pytest.raises(Unseen):
        start(holding(Verb), "x" * 500)
    assert Event.objects.get().job == ""


def test_a_job_with_a_word_of_confirmation_needs_it_but_at_the_shell(declared):
    declared("nightly", command="clearsessions", confirm="delete")
    with pytest.raises(Unconfirmed, match="send confirm='delete'"):
        start(holding(Verb), "nightly", confirm="Delete")
    with pytest.raises(Unconfirmed, match="send confirm='delete'"):
        run_missed(holding(Verb), "nightly", after=NOON, before=NOON)
    assert start(holding(Verb), "nightly", confirm="delete").trigger == "api"
    assert start(Actor.of_shell("ada@vm"), "nightly").trigger == "manual"
    ended = a_run()
    with pytest.raises(Unconfirmed, match="send confirm='delete'"):
        retry(holding(Verb), ended.pk)
    assert retry(holding(Verb), ended.pk, confirm="delete").retry_of_id == ended.pk


def test_secret_words_are_in_no_event(declared):
    declared("nightly", command="reports", secrets=["--raw"])
    start(Actor.of_shell("ada@vm"), "nightly", ["--raw", "s3cr3t-word"])
    assert "s3cr3t-word" not in str(Event.objects.get().after)
