"""E-mail by a real SMTP server."""

import time
from datetime import timedelta

import pytest
from django.core.mail.backends.base import BaseEmailBackend

from jobs.alerts.channels import BadChannel, channel_of
from jobs.alerts.channels.channel import Answer
from jobs.choices import NoticeKind
from tests.alerts.messages import message
from tests.alerts.servers import smtp_server

PATIENCE = timedelta(seconds=5)
GONE = "550 5.1.1 No such user here"


@pytest.fixture
def mail(settings):
    """Django sends to an SMTP server of the test; its own tests' outbox would take all."""
    settings.DEFAULT_FROM_EMAIL = "Nightshift <jobs@example.com>"

    def to(port):
        options = {"host": "127.0.0.1", "port": port}
        settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}}

    return to


def send(to="ops@example.com", timeout=PATIENCE, delivery_id="7", **values):
    channel = channel_of("ops", {"kind": "email", "to": to})
    return channel.send(message(**values), delivery_id=delivery_id, timeout=timeout)


def test_a_letter_says_the_same_in_text_and_in_html(mail):
    with smtp_server() as (port, letters):
        mail(port)
        assert send() == Answer(done=True, text="accepted for ops@example.com")
    [(recipients, letter)] = letters
    assert recipients == ["ops@example.com"]
    assert (letter["Subject"], letter["From"]) == ("import_rates failed", "Nightshift <jobs@example.com>")
    assert letter["Auto-Submitted"] == "auto-generated"
    text, html = letter.iter_parts()
    assert text.get_content().splitlines() == message().text.splitlines()
    assert (html.get_content_type(), html.get_content().strip()) == (
        "text/html",
        "<p>import_rates failed at 04:15.</p>",
    )


def test_all_about_one_incident_is_one_thread_and_a_second_try_is_the_same_letter(mail):
    with smtp_server() as (port, letters):
        mail(port)
        send(delivery_id="7")
        send(delivery_id="7")
        send(delivery_id="8", kind=NoticeKind.RESOLVED)
        send(delivery_id="9", key="incident-13")
    ids = [letter["Message-ID"] for _, letter in letters]
    assert ids[0] == ids[1] == "<7.incident-12@jobs.example.com>"
    assert len(set(ids)) == 3
    threads = [letter["References"] for _, letter in letters]
    assert threads == [letter["In-Reply-To"] for _, letter in letters]
    assert threads == ["<incident-12@jobs.example.com>"] * 3 + ["<incident-13@jobs.example.com>"]


def test_without_an_address_of_ours_the_thread_is_the_senders(mail):
    with smtp_server() as (port, letters):
        mail(port)
        assert send(url="").done
    assert letters[0][1]["References"] == "<incident-12@example.com>"


def test_a_recipient_that_the_server_refuses_for_good_is_gone(mail):
    with smtp_server(refused=[("ops@example.com", GONE)]) as (port, letters):
        mail(port)
        assert send() == Answer(done=False, text="ops@example.com: 550 5.1.1 No such user here", gone=True)
    assert letters == []


@pytest.mark.parametrize("answer", ["451 4.7.1 Greylisted, come back later", "450 4.2.1 Mailbox busy"])
def test_a_recipient_that_is_refused_for_now_may_be_tried_again(mail, answer):
    with smtp_server(refused=[("ops@example.com", answer)]) as (port, _):
        mail(port)
        assert send() == Answer(done=False, text=f"ops@example.com: {answer}")


def test_a_letter_that_the_server_refuses_is_no_recipient_that_is_gone(mail):
    with smtp_server(answer="554 5.7.1 This looks like spam") as (port, _):
        mail(port)
        assert send() == Answer(done=False, text="ops@example.com: 554 5.7.1 This looks like spam")


def test_of_several_recipients_one_that_is_gone_stops_no_other(mail):
    with smtp_server(refused=[("gone@example.com", GONE)]) as (port, letters):
        mail(port)
        answer = send("gone@example.com, ops@example.com")
    assert answer == Answer(
        done=True, text="accepted for ops@example.com; gone@example.com: 550 5.1.1 No such user here"
    )
    assert [recipients for recipients, _ in letters] == [["ops@example.com"]]


def test_as_long_as_one_of_several_recipients_may_get_it_later_it_is_tried_again(mail):
    refused = [("gone@example.com", GONE), ("busy@example.com", "450 4.2.1 Mailbox busy")]
    with smtp_server(refused=refused) as (port, _):
        mail(port)
        answer = send("gone@example.com, busy@example.com")
    assert (answer.done, answer.gone) == (False, False)


def test_a_server_that_hangs_is_left_at_the_deadline(mail):
    before = time.monotonic()
    with smtp_server(delay=3) as (port, _):
        mail(port)
        answer = send("ops@example.com, boss@example.com", timeout=timedelta(seconds=0.5))
        assert time.monotonic() - before < 2
    assert answer == Answer(
        done=False, text="ops@example.com: it took longer than 0.5 s; boss@example.com: it took longer than 0.5 s"
    )


def test_no_server_may_be_tried_again(mail):
    with smtp_server() as (port, _):
        mail(port)
    assert send() == Answer(done=False, text="ops@example.com: Connection refused")


class Broken(BaseEmailBackend):
    def send_messages(self, messages):
        raise KeyError("the password is of-the-mailer")


def test_a_backend_of_somebody_else_may_raise_anything(settings):
    # Its options are its own: Broken knows none.
    settings.MAILERS = {"default": {"BACKEND": f"{__name__}.Broken"}}
    settings.DEFAULT_FROM_EMAIL = "jobs@example.com"
    answer = send()
    assert (answer.done, answer.gone) == (False, False)
    assert answer.text == "ops@example.com: 'the password is of-the-mailer'"


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({}, "'to' is missing. Write addresses with commas between them: ops@example.com."),
        (
            {"to": "ops"},
            "'to' has 'ops', which is not an address. Write addresses with commas between them: ops@example.com.",
        ),
        (
            {"to": "ops@example.com,"},
            "'to' has '', which is not an address. Write addresses with commas between them: ops@example.com.",
        ),
        ({"to": "ops@example.com", "cc": "x"}, "'cc' is not known. This kind takes 'to', 'from'."),
    ],
)
def test_an_entry_that_cannot_be_used_is_answered_with_a_sentence(config, sentence):
    with pytest.raises(BadChannel) as caught:
        channel_of("ops", {"kind": "email", **config})
    assert str(caught.value) == f"JOBS_CHANNELS['ops']: {sentence}"


def test_what_is_shown_names_the_recipients():
    assert channel_of("ops", {"kind": "email", "to": "a@x.example,b@x.example"}).shown() == (
        "email a@x.example, b@x.example"
    )
