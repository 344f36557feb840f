"""`nightshift --url` against the project on a real local host: it prints what `manage.py` prints on the same ledger."""

import io
import json
import re
from datetime import timedelta
from importlib import import_module, reload

import pytest
from django.core.management import call_command
from django.utils import timezone

from jobs.access.actor import Actor
from jobs.choices import Door
from jobs.declarations.registry import registry
from jobs.ledger import events
from jobs.models import ChannelOff, Event, Gap, Incident, Run
from jobs.verbs.hold import hold
from jobs.verbs.incident import acknowledge
from jobs.verbs.note import note_on_run
from jobs.verbs.preset import save_preset
from tests.helpers.people import a_token, a_user
from tests.helpers.rows import a_run, an_attempt
from tests.localhost.hosts import ProjectHost

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(400)]
READ = [
    "jobs",
    "jobs --words",
    "runs",
    "runs clearsessions --status failed",
    "runs --pinned",
    "runs --format json",
    "next clearsessions -n 3",
    "next clearsessions --format json",
    "upcoming --hours 48",
    "explain clearsessions",
    "explain clearsessions 03:00 --format json",
    "output {failed}",
    "output {failed} --stderr",
    "missed clearsessions",
    "missed clearsessions --limit 1 --format json",
    "missed clearsessions --gap {gap} --dry-run",
    "hold",
    "incidents",
    "incidents clearsessions --cause failed --all --format json",
    "incident show {incident}",
    "incident show {incident} --format json",
    "channels",
    "channels --format json",
    "try-rule clearsessions failed(in_a_row=1)",
    "note clearsessions",
    "note {failed}",
    "presets clearsessions",
    "presets --format json clearsessions",
    "audit clearsessions",
    "audit --by ada --door page --format json",
    "audit --run {failed} --since 2026-01-31T02:00 --format json",
    "audit --kind paused --until 2100-01-31T02:00",
]
AGES = re.compile(r"\b(in )?\d+ (s|min|h|d)( ago)?\b|\bnow\b")


def ageless(text):
    """Without ages, and without the room that a column takes for them."""
    return re.sub(" +", " ", AGES.sub("…", text))


@pytest.fixture
def host(database_url, tmp_path):
    found = ProjectHost(database_url, tmp_path / "host")
    yield found
    found.kill()


@pytest.fixture
def afar(host, nightshift, monkeypatch):
    """The same as a person with a grant for everything, over the API."""
    monkeypatch.setenv("NIGHTSHIFT_TOKEN", a_token(a_user("olga", "administrator", "*"))[1])
    monkeypatch.setattr("jobs.commandline.afar.client.PATIENCE", 60.0)
    return lambda line: nightshift("--url", host.url, *line.split())


@pytest.fixture
def here(capfdbinary):
    def call(line):
        out = io.StringIO()
        call_command(*line.split(), stdout=out)
        return out.getvalue() + capfdbinary.readouterr().out.decode()

    return call


@pytest.fixture
def every_job():
    """In this process what the host declares, in its order."""
    for name in ("examples.rates", "tests.sample_commands", "mydjango"):
        reload(import_module(f"{name}.schedule"))


def a_gap_of_the_hold(number):
    at = timezone.now().replace(hour=3, minute=0, second=0, microsecond=0) + timedelta(days=number - 3)
    return Gap.objects.create(
        job="clearsessions",
        fingerprint=registry["clearsessions"].fingerprint,
        first=at,
        last=at,
        count=1,
        fate="skipped",
        reason="held",
        by="root",
        note="the database moves",
    )


def an_incident(run):
    return Incident.objects.create(
        job=run.job,
        cause="failed",
        detail="A run failed.",
        error=run.error,
        first_run_id=run.pk,
        last_run_id=run.pk,
    )


def test_each_list_is_what_it_is_here(afar, here, every_job):
    failed = a_run("clearsessions", status="failed", error="It is empty.")
    an_attempt(failed, status="failed", written=[(b"at work\nIt is empty.\n", [8, 21])], exit_code=3)
    a_run("clearsessions", pinned=True, result={"deleted": 3})
    with events.coming_from(Door.PAGE, "192.0.2.7"):
        for kind in ("paused", "resumed"):
            events.record(
                kind, f"{kind} by ada", job="clearsessions", run_id=failed.pk, by="ada", after={"until": None}
            )
    root = Actor.of_shell("root")
    note_on_run(root, failed.pk, "The table was locked.")
    save_preset(root, "clearsessions", "loud", ["--verbosity", "2"])
    hold(root, reason="the database moves")
    gaps = [a_gap_of_the_hold(number) for number in range(2)]
    incident = an_incident(failed)
    acknowledge(root, incident.pk, note="On it.")
    ChannelOff.objects.create(name="former", why="410 Gone")
    differ = {}
    for line in READ:
        line = line.format(failed=failed.pk, gap=gaps[0].pk, incident=incident.pk)
        code, out, err = afar(line)
        said = here(line).replace("manage.py", "nightshift")
        if (code, ageless(out)) != (0, ageless(said)):
            differ[line] = f"{code} {err}\n{out}\n---\n{said}"
    assert not differ, "\n".join(f"{line}: {text}" for line, text in differ.items())


def test_a_job_is_run_followed_paused_and_resumed_by_who_has_the_token(afar):
    code, _, err = afar("run clearsessions --verbosity 2")
    run = Run.objects.get()
    assert (code, err.splitlines()[-1]) == (0, f"Run {run.pk} of clearsessions succeeded in {_took(err)}.")
    assert (run.arguments, run.trigger, run.requested_by) == (["--verbosity", "2"], "api", "olga")
    assert afar(f"follow {run.pk}")[0] == 0
    assert afar(f"cancel {run.pk}")[1] == f"Run {run.pk} of clearsessions has already ended: succeeded.\n"
    assert afar("pause clearsessions --reason release --until 2h")[0] == 0
    assert afar("pause clearsessions")[0] == 1
    assert afar("override clearsessions --arguments=--traceback --reason look")[0] == 0
    assert afar("resume clearsessions")[:2] == (0, "clearsessions is resumed.\n")
    acts = json.loads(afar("audit clearsessions --format json")[1])
    assert [(act["kind"], act["by"], act["door"], act["token"], act["address"]) for act in acts] == [
        (kind, "olga", "api", "ci", "127.0.0.1") for kind in ("resumed", "overridden", "paused", "started")
    ]
    assert Event.objects.filter(kind="paused").get().reason == "release"


def test_who_has_the_token_repairs_retries_holds_and_notes(afar, every_job):
    failed, gap = a_run("clearsessions", status="failed"), a_gap_of_the_hold(0)
    assert "Nothing was run. Add --yes" in afar(f"missed clearsessions --gap {gap.pk}")[2]
    code, out, _ = afar(f"missed clearsessions --gap {gap.pk} --yes --note repaired")
    repair = Run.objects.get(trigger="repair")
    shows = "`nightshift runs clearsessions` shows them."
    assert (code, out.splitlines()[-1]) == (0, f"Run {repair.pk} of clearsessions is queued. {shows}")
    assert (repair.scheduled_for, repair.requested_by) == (gap.first, "olga")
    assert afar("missed clearsessions")[1] == (
        "No gaps of clearsessions in the last 31 days: each occurrence has its run.\n"
    )
    assert afar(f"retry {failed.pk} --with --verbosity 2")[0] == 0
    retry = Run.objects.get(retry_of=failed)
    assert (retry.arguments, retry.requested_by) == (["--verbosity", "2"], "olga")
    saved = "The arguments of clearsessions are saved as 'loud': --verbosity 2\n"
    assert afar("presets --save loud clearsessions --verbosity 2")[:2] == (0, saved)
    assert afar(f"follow {retry.pk}")[0] == 0
    assert afar("run --detach --preset loud clearsessions --traceback")[0] == 0
    assert Run.objects.filter(job="clearsessions").latest("pk").arguments == ["--verbosity", "2", "--traceback"]
    assert afar("presets --delete loud clearsessions")[:2] == (0, "The preset 'loud' of clearsessions is deleted.\n")
    assert "clearsessions has no preset 'loud'" in afar("presets --delete loud clearsessions")[2]
    assert "clearsessions has no preset 'loud'" in afar("run --preset loud clearsessions")[2]
    assert "unrecognized arguments: --nope" in afar("presets --save x clearsessions --nope")[2]
    assert "Arguments are only for --save" in afar("presets clearsessions --verbosity 2")[2]
    assert afar("hold --reason migration --until 2h")[1].startswith("Everything is held by olga until ")
    assert afar("hold --end")[:2] == (0, "The hold is ended: jobs start by themselves again.\n")
    assert afar(f"note {failed.pk} The table was locked.")[:2] == (0, f"Noted about run {failed.pk}.\n")
    assert "notes about a day" in afar("note 2026-03-14")[2].lower()


def test_who_has_the_token_acts_on_incidents(afar):
    incident = an_incident(a_run("clearsessions", status="failed"))
    assert afar(f"incident acknowledge {incident.pk} --note phoned")[:2] == (
        0,
        f"You work on incident {incident.pk}.\n",
    )
    assert afar(f"incident acknowledge {incident.pk}")[0] == 1
    assert afar(f"incident snooze {incident.pk} --until 1h")[1].startswith(
        f"Nothing is sent about incident {incident.pk}"
    )
    assert afar(f"incident snooze {incident.pk} --until now")[0] == 0
    assert afar(f"incident resolve {incident.pk}")[:2] == (0, f"Incident {incident.pk} is resolved.\n")
    assert afar("incidents")[1] == "No open incidents.\n"
    assert afar("incidents no-such")[0] == 1
    acts = json.loads(afar("audit clearsessions --format json")[1])
    assert [act["kind"] for act in acts] == ["resolved", "snoozed", "snoozed", "acknowledged"]


def test_who_has_the_token_tests_channels_and_switches_them_on(afar):
    ChannelOff.objects.create(name="former", why="410 Gone")
    code, out, err = afar("channel test former")
    assert (code, out) == (1, "")
    assert "former did not take the test: JOBS_CHANNELS has no channel of this name. It is off:" in err
    assert afar("channel on former")[:2] == (0, "Messages go out by the channel former again.\n")
    code, _, err = afar("channel on former")
    assert code == 1
    assert "There is no channel 'former'." in err


def _took(err):
    return err.rpartition(" in ")[2].rstrip(".\n")
