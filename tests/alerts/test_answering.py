"""What a server's answer means for a delivery."""

from datetime import UTC, datetime, timedelta

import pytest

from jobs import clocks
from jobs.alerts.channels import answering
from jobs.alerts.channels.addresses import url_of
from jobs.alerts.channels.channel import Answer
from tests.alerts.servers import HttpServer, hangs, says

PATIENCE = timedelta(seconds=5)


def answer_to(answer, *, timeout=PATIENCE, secrets=()):
    with HttpServer(answer) as server:
        return answering.post(url_of(server.url), b"{}", {}, timeout=timeout, secrets=secrets)


@pytest.mark.parametrize(
    ("status", "done", "gone"),
    [
        *((status, True, False) for status in (200, 201, 202, 204)),
        *((status, False, True) for status in (404, 410)),
        *((status, False, False) for status in (400, 401, 403, 408, 425, 429, 500, 502, 503, 504)),
    ],
)
def test_a_status_says_whether_it_arrived_and_whether_it_ever_will(status, done, gone):
    answer = answer_to(says(status))
    assert (answer.done, answer.gone, answer.after) == (done, gone, None)
    assert answer.text.startswith(f"{status} ")


def test_what_the_server_says_is_shown_on_one_line_without_markup():
    page = b"<html>\n<title>503</title>\n<p>Back   at <b>noon</b></p></html>"
    assert answer_to(says(503, page)) == Answer(done=False, text="503 Service Unavailable: 503 Back at noon")


def test_a_long_answer_is_cut():
    assert len(answer_to(says(500, b"word " * 1000)).text) == 500


def test_a_redirect_says_where_to_and_that_nobody_went_there():
    answer = answer_to(says(302, Location="http://169.254.169.254/latest/"))
    assert answer == Answer(
        done=False,
        text="302 Found: it redirects to http://169.254.169.254/latest/, and redirects are not followed",
    )


@pytest.mark.parametrize(
    ("status", "asked", "after"),
    [
        (429, "7", timedelta(seconds=7)),
        (503, "120", timedelta(minutes=2)),
        (429, "999999999999", timedelta(hours=1)),
        (503, "Mon, 16 Nov 2026 12:00:30 GMT", timedelta(seconds=30)),
        (503, "Mon, 16 Nov 2026 11:00:00 GMT", timedelta(0)),
        (503, "Mon, 16 Nov 2027 12:00:00 GMT", timedelta(hours=1)),
        (429, "soon", None),
        (429, "-1", None),
        (429, "", None),
        (500, "7", None),
    ],
)
def test_a_server_may_ask_for_time(monkeypatch, status, asked, after):
    monkeypatch.setattr(clocks, "wall", lambda: datetime(2026, 11, 16, 12, tzinfo=UTC))
    assert answer_to(says(status, Retry_After=asked)).after == after


def test_no_answer_may_be_tried_again():
    answer = answer_to(hangs, timeout=timedelta(seconds=0.3))
    assert answer == Answer(done=False, text="No answer of 127.0.0.1: it took longer than 0.3 s.")


def test_neither_secrets_nor_the_url_are_in_what_is_shown(monkeypatch):
    monkeypatch.setenv("SMTP_PASSWORD", "of-the-environment")
    said = b"no such hook /hooks/secret-of-the-url with my-own-secret; of-the-environment; secret-of-the-url"
    answer = answer_to(says(404, said), secrets=["my-own-secret"])
    assert answer.text == "404 Not Found: no such hook ******** with ********; ********; ********"
