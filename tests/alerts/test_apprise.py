"""Chats and pagers by the real Apprise. ntfy is what can be run on loopback; of the others we see where they go."""

import logging
import os
import socket
import subprocess
import sys
import time
from datetime import timedelta

import pytest

from jobs.alerts.channels import BadChannel, channel_of
from jobs.alerts.channels.apprise import FIXED, NAMED
from jobs.alerts.channels.channel import Answer
from tests.alerts.messages import message
from tests.alerts.servers import HttpServer, hangs, says

PATIENCE = timedelta(seconds=5)
HOSTS = {
    "discord": ("discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js", "discord.com"),
    "gchat": ("gchat://workspace/key-of-it/token", "chat.googleapis.com"),
    "opsgenie": ("opsgenie://a1b2c3d4-aaaa-bbbb-cccc-1234567890ab/", "api.opsgenie.com"),
    "pagerduty": ("pagerduty://A1BRTD4JDTIiajkdnlazkcOXrIdevi7F@ABCDEFGHIJKLMNOPQRSTUV", "events.pagerduty.com"),
    "pagertree": ("pagertree://int_xxxxxxxxxxx", "api.pagertree.com"),
    "pover": ("pover://uuuuuuuuuuuuuuuuuuuuuuuuuuuuuu@tttttttttttttttttttttttttttttt", "api.pushover.net"),
    "slack": ("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops", "hooks.slack.com"),
    "splunk": ("splunk://routing_key@a1b2c3d4-aaaa-bbbb-cccc-1234567890ab", "alert.victorops.com"),
    "tgram": ("tgram://123456789:AAbcdefg_hijklmnop/12315544/", "api.telegram.org"),
    "victorops": ("victorops://routing_key@a1b2c3d4-aaaa-bbbb-cccc-1234567890ab", "alert.victorops.com"),
    "webex": ("webex://" + "a" * 80, "api.ciscospark.com"),
}


def channel(url):
    return channel_of("chat", {"kind": "apprise", "url": url})


def send(url, timeout=PATIENCE):
    return channel(url).send(message(), delivery_id="7", timeout=timeout)


def ntfy(server):
    return f"ntfy://127.0.0.1:{server.port}/secret-topic"


def test_a_message_arrives():
    with HttpServer(says(200, b"{}")) as server:
        assert send(ntfy(server)) == Answer(done=True, text="accepted")
    [asked] = server.asked
    assert asked.json["topic"] == "secret-topic"
    assert asked.json["title"] == "import_rates failed"
    assert asked.json["message"] == "import_rates failed at 04:15.\nOperationalError: the database is away"


@pytest.mark.parametrize(("status", "gone"), [(404, True), (410, True), (401, True), (500, False), (429, False)])
def test_what_the_service_says_is_shown_without_its_secrets(caplog, status, gone):
    with HttpServer(says(status, b"no topic secret-topic")) as server, caplog.at_level(logging.DEBUG):
        answer = send(ntfy(server))
    assert (answer.done, answer.gone) == (False, gone)
    assert f"error={status}" in answer.text
    assert "secret-topic" not in answer.text + caplog.text


def test_a_redirect_is_not_followed():
    with HttpServer(says(200)) as inside, HttpServer(says(307, Location=inside.url)) as server:
        assert not send(ntfy(server)).done
    assert (len(server.asked), len(inside.asked)) == (1, 0)


def test_a_service_that_hangs_is_left_at_the_deadline():
    channel(HOSTS["slack"][0]).load()  # the first time Apprise reads all services
    before = time.monotonic()
    with HttpServer(hangs) as server:
        answer = send(ntfy(server), timeout=timedelta(seconds=0.5))
    assert not answer.done
    assert time.monotonic() - before < 2


@pytest.mark.parametrize(
    "url",
    [
        "ntfys://evil.example.com/topic",
        "workflows://evil.example.com:443/643e69f83c8944/8e6e2af9-7c2f",
        "mmosts://evil.example.com/3ccdd113474722377935511fc85d3dd4",
        "rockets://name:pass@evil.example.com/#ops",
    ],
)
def test_a_host_that_the_entry_names_must_be_a_public_one(resolves, url):
    resolves(evil_example_com=[["169.254.169.254"]])
    assert send(url) == Answer(
        done=False,
        text="evil.example.com leads to 169.254.169.254, which is not a public address: nothing was sent.",
    )


def test_by_http_no_host_is_reached_but_ones_own():
    assert send("ntfy://ntfy.example.com/topic") == Answer(
        done=False, text="'url' begins with http://. Write https://, or name its host in JOBS_CHANNEL_HOSTS."
    )


@pytest.mark.parametrize("scheme", sorted(FIXED))
def test_a_service_of_one_host_is_asked_there_and_nowhere_else(monkeypatch, scheme):
    url, host = HOSTS[scheme]
    asked = []

    def getaddrinfo(name, *_, **__):  # the service itself can't be had
        asked.append(name)
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    answer = send(url)
    assert (answer.done, answer.gone) == (False, False)
    assert set(asked) == {host}


def test_what_runs_code_reads_files_or_goes_anywhere_is_no_service():
    for url in [
        *("file:///etc/passwd", "exec://rm", "json://x.example", "jsons://x.example", "xml://x", "form://x"),
        *("mailto://a:b@c.example", "mailtos://a:b@c.example", "syslog://", "dbus://", "windows://", "SLACK://a/b/c"),
        *("https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "slack:/a/b/c", "slack"),
    ]:
        with pytest.raises(BadChannel) as caught:
            channel(url)
        assert str(caught.value) == (
            "JOBS_CHANNELS['chat']: 'url' is of no service that may be used. Begin it with one of discord, gchat, "
            "mmosts, ntfy, ntfys, opsgenie, pagerduty, pagertree, pover, rockets, slack, splunk, tgram, victorops, "
            "webex, workflow, workflows."
        )


@pytest.mark.parametrize(
    "option", ["template=/etc/passwd", "verify=no", "redirect=yes", "Attach=x", "templ%41te=x", "a=b;template=x"]
)
def test_an_option_that_would_loosen_what_is_bounded_is_refused(option):
    with pytest.raises(BadChannel, match=r"which is not allowed\. Leave it out\.$"):
        channel(f"workflows://x.example:443/a/b?{option}")


def test_a_url_that_apprise_cannot_read_is_answered_with_a_sentence_and_not_logged(caplog):
    with pytest.raises(BadChannel) as caught, caplog.at_level(logging.DEBUG):
        channel("slack://secret-that-is-none").load()
    assert str(caught.value) == (
        "JOBS_CHANNELS['chat']: 'url' can't be read by Apprise. Its page says how to write slack://."
    )
    assert "secret-that" not in caplog.text


def test_what_is_shown_is_the_service_alone():
    assert channel(HOSTS["slack"][0]).shown() == "apprise slack://…"


def test_apprise_is_not_imported_to_describe_a_channel():
    code = (
        "import sys, django; django.setup(); from jobs.alerts.channels import channel_of\n"
        "print(channel_of('chat', {'kind': 'apprise', 'url': 'slack://a/b/c'}).shown(), 'apprise' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"LOCAL": "1", "DJANGO_SETTINGS_MODULE": "mydjango.settings"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stdout == "apprise slack://… False\n", done.stderr


def test_apprise_knows_each_service():
    import apprise

    known = {scheme for plugin in apprise.Apprise().details()["schemas"] for scheme in _schemes(plugin)}
    assert known >= FIXED | NAMED


def _schemes(plugin):
    return [*(plugin["protocols"] or []), *(plugin["secure_protocols"] or [])]
