"""`manage.py send_digest`: one message about the last day, by a real SMTP server."""

from datetime import timedelta

import pytest
from django.core.management import CommandError

from jobs.alerts.channels import webhook
from jobs.alerts.digests import MOST
from jobs.choices import Cause, Resolution, Status
from jobs.ledger import states, triggers
from jobs.models import Gap, Incident
from tests.alerts.servers import HttpServer, smtp_server
from tests.alerts.servers import says as answers
from tests.alerts.telling import opens
from tests.helpers.moments import ago
from tests.helpers.rows import a_pause, a_run

BACKEND = "django.core.mail.backends.smtp.EmailBackend"
ERROR = "ConnectionError: rates.example.com doesn't answer"


@pytest.fixture
def letters(settings, monkeypatch):
    monkeypatch.delenv("JOBS_RUN", raising=False)
    settings.ADMINS, settings.JOBS_URL = ["ops@example.com"], "https://jobs.example.com"
    with smtp_server() as (port, letters):
        settings.MAILERS = {"default": {"BACKEND": BACKEND, "OPTIONS": {"host": "127.0.0.1", "port": port}}}
        yield letters


def read(letters):
    """The only letter: its subject, its text, and its HTML."""
    [(_, letter)] = letters
    text, html = letter.iter_parts()
    return letter["Subject"], text.get_content().replace("\r\n", "\n"), html.get_content()


def is_over(incident, at, **fields):
    values = {"resolved_at": at, "resolution": Resolution.RECOVERED}
    Incident.objects.filter(pk=incident.pk).update(**values | fields)


def a_bad_day(declared):
    for name in ("rates", "backup", "prices", "stock"):
        declared(name, command="succeeds", schedule="0 0 3 * * *")
    rates = opens("rates", error=ERROR, acknowledged_at=states.clock(), acknowledged_by="ada")
    backup = opens("backup", error=ERROR, opened_at=ago(hours=5))
    is_over(backup, ago(hours=4))
    is_over(opens("backup", opened_at=ago(days=3)), ago(days=2))
    is_over(
        opens("", Cause.NOT_RUNNING, detail="Not running 01:10–01:47 UTC.", error="", opened_at=ago(hours=3)),
        ago(hours=2),
    )
    for _ in range(2):
        run = a_run("rates", status="failed", finished_at=ago(hours=1))
    a_run("rates", status="failed", finished_at=ago(hours=25))
    a_run("rates", finished_at=ago(hours=1))
    moments = {"first": ago(hours=6), "last": ago(hours=5)}
    Gap.objects.create(job="prices", count=3, fate="missed", reason="too_late", **moments)
    Gap.objects.create(job="prices", count=7, fate="skipped", reason="paused", **moments)
    a_pause("stock", began_at=ago(days=8), reason="the warehouse moves")
    a_pause("prices", began_at=ago(days=1))
    return rates, run


def test_it_tells_what_went_wrong_what_came_of_it_and_what_still_is(declared, letters, says):
    rates, run = a_bad_day(declared)
    said = says("send_digest")
    subject, text, html = read(letters)
    assert subject == "The last 1 d: 1 open, 2 failed runs, 3 missed"
    assert said == f"{subject}. Sent by email ops@example.com: accepted for ops@example.com\n"
    headings = [line for line in text.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert headings == ["Open now:", "Over:", "Failed runs:", "Missed:", "We were away:", "Paused for long:"]
    for words in (
        f"  rates failed: {ERROR}\n    since ",
        "; ada works on it\n",
        f"    https://jobs.example.com/incidents/{rates.pk}/\n",
        f"  backup failed: {ERROR}\n    recovered after 1 h, ",
        f"  rates: 2 failed\n    https://jobs.example.com/runs/{run.pk}/\n",
        "  prices: 3 occurrences\n",
        "  Not running 01:10–01:47 UTC\n",
        "  stock\n    since ",
        " by ada: the warehouse moves\n",
    ):
        assert words in text
    assert text.count("backup") == 1  # what was over before isn't told
    assert f'<a href="https://jobs.example.com/incidents/{rates.pk}/">rates failed: ConnectionError: ' in html
    assert "<h2>Paused for long</h2>" in html


def test_nothing_is_one_line(letters, says):
    says("send_digest")
    subject, text, _ = read(letters)
    assert (subject, text.strip()) == ("The last 1 d: nothing went wrong",) * 2


def test_nothing_is_not_sent_if_that_is_asked_for(letters, says):
    said = says("send_digest", "--quiet-if-nothing", "--hours", "48")
    assert said == "The last 2 d: nothing went wrong. Nothing was sent.\n"
    assert letters == []


def test_hours_say_how_far_back_it_looks(declared, letters, says):
    declared("rates", command="succeeds")
    a_run("rates", status="timed_out", finished_at=ago(hours=30))
    says("send_digest", "--hours", "36")
    assert "rates: 1 timed out" in read(letters)[1]


def test_what_has_been_broken_for_long_is_told_with_what_to_do(declared, letters, says):
    opens("rates", error=ERROR, opened_at=ago(days=15))
    opens("prices", error=ERROR, opened_at=ago(days=13))
    says("send_digest", "--broken-for", "14")
    subject, text, _ = read(letters)
    assert subject == "1 job has been broken for 14 days"
    assert "Broken for 14 days: fix it, pause it, or delete it:\n  rates failed" in text
    assert "prices" not in text


def test_nothing_that_is_broken_is_one_line_too(letters, says):
    assert says("send_digest", "--broken-for", "14", "--quiet-if-nothing") == (
        "Nothing has been broken for 14 days. Nothing was sent.\n"
    )


def test_of_very_many_the_worst_are_told(letters, says):
    for number in range(MOST + 3):
        opens(f"job_{number}")
    says("send_digest")
    _, text, html = read(letters)
    assert text.count("since") == MOST
    assert "  And 3 more.\n" in text
    assert "<p>And 3 more.</p>" in html


def test_a_server_that_does_not_take_it_is_exit_code_1(letters, says, settings):
    settings.ADMINS = ["gone@example.com"]
    with smtp_server(refused=[("gone@example.com", "550 5.1.1 No such user here")]) as (port, _):
        settings.MAILERS = {"default": {"BACKEND": BACKEND, "OPTIONS": {"host": "127.0.0.1", "port": port}}}
        with pytest.raises(CommandError) as refused:
            says("send_digest")
    assert str(refused.value) == (
        "email gone@example.com didn't take the digest: gone@example.com: 550 5.1.1 No such user here"
    )
    assert refused.value.returncode == 1


def test_as_a_job_it_is_retried_when_it_can_not_be_sent(declared, worker):
    declared("digest", command="send_digest", retries=1)
    run = triggers.request("digest", requested_by="a test", ring=False)
    assert worker.execute(run.pk) is Status.QUEUED
    # In a process of its own, whose settings are those of the tests.
    assert "Nobody is to get it: set ADMINS" in run.attempts.get().error


def test_a_webhook_hears_that_it_is_a_digest(says, settings, declared):
    opens("rates", error=ERROR)
    with HttpServer(answers(200)) as server:
        secret = f"{webhook.PREFIX}{'c2VjcmV0' * 4}"
        settings.JOBS_CHANNELS = {"hook": {"kind": "webhook", "url": server.url, "secret": secret}}
        says("send_digest", "--channel", "hook")
    [asked] = server.asked
    assert asked.json["type"] == "digest"
    assert asked.json["data"]["severity"] == "error"
    assert asked.json["data"]["facts"] == {"Open now": 1}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "Nobody is to get it: set ADMINS, or name a channel of JOBS_CHANNELS with --channel."),
        (["--channel", "opps"], "JOBS_CHANNELS has no channel 'opps'. It has: ops, pager."),
        (
            ["--channel", "pager"],
            "Channel 'pager' is PagerDuty, where a digest would be an incident. Name another one.",
        ),
        (
            ["--channel", "ops"],
            "JOBS_CHANNELS['ops']: 'to' is missing. Write addresses with commas between them: ops@example.com.",
        ),
    ],
)
def test_a_channel_that_can_not_be_used_is_refused(says, settings, words, sentence):
    settings.ADMINS = settings.MANAGERS = []
    settings.JOBS_CHANNELS = {"ops": {"kind": "email"}, "pager": {"kind": "pagerduty", "routing_key": "k" * 32}}
    with pytest.raises(CommandError) as refused:
        says("send_digest", *words)
    assert str(refused.value) == sentence


def test_its_retries_are_one_letter(letters, says, monkeypatch):
    monkeypatch.setenv("JOBS_RUN", "1234")
    says("send_digest"), says("send_digest")
    ids = {letter["Message-ID"] for _, letter in letters}
    assert len(letters) == 2
    assert len(ids) == 1


def test_it_costs_a_few_queries_however_much_there_is(declared, letters, says, django_assert_max_num_queries):
    for number in range(50):
        declared(f"job_{number}", command="succeeds")
        opens(f"job_{number}")
        a_run(f"job_{number}", status="failed", finished_at=states.clock() - timedelta(minutes=1))
    with django_assert_max_num_queries(12):
        says("send_digest")
