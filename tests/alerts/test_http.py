"""The client of all that goes out by HTTP, and servers that misbehave."""

import socket
import time
from datetime import timedelta

import pytest

from jobs.alerts.channels import http
from jobs.alerts.channels.addresses import Forbidden, url_of
from jobs.alerts.channels.http import LONGEST, Unanswered, ask
from tests.alerts.certificates import server_context
from tests.alerts.servers import HttpServer, hangs, says, slowly

PATIENCE = timedelta(seconds=5)
SHORT = timedelta(seconds=0.5)


def test_a_request_arrives_as_it_was_sent():
    with HttpServer(says(200)) as server:
        reply = ask("POST", url_of(f"{server.url}?a=b"), headers={"X-A": "b"}, body=b"{}", timeout=PATIENCE)
    assert reply.status == 200
    [asked] = server.asked
    assert (asked.method, asked.path, asked.body) == ("POST", "/hooks/secret-of-the-url?a=b", b"{}")
    assert asked.headers["Host"] == f"127.0.0.1:{server.port}"
    assert asked.headers["X-A"] == "b"
    assert asked.headers["User-Agent"].startswith("nightshift/")


def test_a_redirect_is_an_answer_and_is_not_followed():
    with HttpServer(says(302, Location="http://169.254.169.254/latest/meta-data/")) as server:
        reply = ask("GET", url_of(server.url), timeout=PATIENCE)
    assert reply.status == 302
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [
        hangs,
        slowly(b"HTTP/1.1 200 OK\r\n\r\n", 0.1),
        slowly(b"HTTP/1.1 100 Continue\r\n\r\n" * 100, 0.005),
        slowly(b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 100, 0.005),
    ],
    ids=["hangs", "drips", "continues", "headers"],
)
def test_a_server_that_takes_its_time_is_left_at_the_deadline(answer):
    before = time.monotonic()
    with HttpServer(answer) as server, pytest.raises(Unanswered) as caught:
        ask("GET", url_of(server.url), timeout=SHORT)
    assert str(caught.value) == "No answer of 127.0.0.1: it took longer than 0.5 s."
    assert time.monotonic() - before < 2


def test_a_body_that_drips_is_left_at_the_deadline_and_the_status_counts():
    head = b"HTTP/1.1 500 Broken\r\nContent-Length: 100\r\n\r\n"
    before = time.monotonic()
    with HttpServer(lambda handler: (handler.wfile.write(head), slowly(b"x" * 100, 0.1)(handler))) as server:
        reply = ask("GET", url_of(server.url), timeout=SHORT)
    assert reply.status == 500
    assert time.monotonic() - before < 2


def test_of_a_long_answer_the_beginning_is_read():
    with HttpServer(says(500, b"x" * 5_000_000)) as server:
        reply = ask("GET", url_of(server.url), timeout=PATIENCE)
    assert 60_000 < len(reply.body) <= LONGEST


def test_of_headers_without_end_the_status_counts():
    with HttpServer(lambda handler: handler.wfile.write(b"HTTP/1.1 500 Broken\r\nX-A: " + b"x" * 5_000_000)) as server:
        assert ask("GET", url_of(server.url), timeout=PATIENCE).status == 500


def test_what_is_no_http_is_no_answer():
    with HttpServer(lambda handler: handler.wfile.write(b"220 mail.example.com ESMTP\r\n")) as server:
        with pytest.raises(Unanswered, match=r"^No answer of 127\.0\.0\.1: 220 mail"):
            ask("GET", url_of(server.url), timeout=PATIENCE)


def test_nobody_at_the_port_is_no_answer():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = url_of(f"http://127.0.0.1:{free.getsockname()[1]}/")
        with pytest.raises(Unanswered) as caught:
            ask("GET", url, timeout=PATIENCE)
    assert str(caught.value) == "No answer of 127.0.0.1: Connection refused."


def test_a_host_that_takes_no_connection_is_not_waited_for_all_the_time(monkeypatch):
    monkeypatch.setattr(http, "TO_CONNECT", 1.0)
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        with socket.create_connection(address):  # nobody takes it, and there is no room for another one
            with pytest.raises(Unanswered) as caught:
                ask("GET", url_of(f"http://127.0.0.1:{address[1]}/"), timeout=PATIENCE)
    assert str(caught.value) == "No answer of 127.0.0.1: it took no connection within 1 s."


def test_a_name_that_leads_to_a_private_address_is_refused_before_anything_is_sent(resolves, settings):
    settings.JOBS_CHANNEL_HOSTS = "inside.example"  # for http alone: the name below is another one
    with HttpServer(says(200)) as server:
        resolves(evil_example_com=[["8.8.8.8", "127.0.0.1"]])
        url = url_of(f"https://evil.example.com:{server.port}/")
        with pytest.raises(Forbidden) as caught:
            ask("GET", url, timeout=PATIENCE)
    assert str(caught.value) == (
        "evil.example.com leads to 127.0.0.1, which is not a public address: nothing was sent."
    )
    assert server.asked == []


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]"])
def test_an_address_in_disguise_is_refused(host):
    with pytest.raises(Forbidden):
        ask("GET", url_of(f"https://{host}:1/"), timeout=PATIENCE)


def test_a_name_is_asked_for_once_and_what_it_leads_to_later_changes_nothing(resolves, settings):
    settings.JOBS_CHANNEL_HOSTS = "inside.example"
    with HttpServer(says(200)) as meant, HttpServer(says(200), host="127.0.0.2", port=meant.port) as other:
        asked = resolves(inside_example=[["127.0.0.1"], ["127.0.0.2"]])
        assert ask("GET", url_of(f"http://inside.example:{meant.port}/"), timeout=PATIENCE).is_good
    assert asked == ["inside.example"]
    assert (len(meant.asked), len(other.asked)) == (1, 0)
    assert meant.asked[0].headers["Host"] == f"inside.example:{meant.port}"


def test_the_next_address_is_tried_where_one_takes_no_connection(resolves, settings):
    settings.JOBS_CHANNEL_HOSTS = "inside.example"
    with HttpServer(says(200), host="127.0.0.2") as server:
        resolves(inside_example=[["127.0.0.1", "127.0.0.2"]])
        assert ask("GET", url_of(f"http://inside.example:{server.port}/"), timeout=PATIENCE).is_good


def test_a_name_server_that_hangs_is_left_at_the_deadline(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: time.sleep(3))  # no server of ours could hang so
    before = time.monotonic()
    with pytest.raises(Unanswered, match=r"it took longer than 0\.5 s"):
        ask("GET", url_of("https://hooks.example.com/"), timeout=SHORT)
    assert time.monotonic() - before < 2


@pytest.fixture
def secure(tmp_path, monkeypatch, settings, resolves):
    """An HTTPS server of hooks.example.com, whose authority is trusted; the name leads to it."""
    settings.JOBS_CHANNEL_HOSTS = "hooks.example.com, other.example.com"
    authority, context = server_context(tmp_path, "hooks.example.com")
    names = []
    context.sni_callback = lambda connection, name, of: names.append(name)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    resolves(hooks_example_com=[["127.0.0.1"]], other_example_com=[["127.0.0.1"]])
    with HttpServer(says(200), tls=context) as server:
        server.names = names
        yield server


def test_a_server_is_asked_by_its_name_although_the_connection_goes_to_an_address(secure):
    assert ask("GET", url_of(f"https://hooks.example.com:{secure.port}/"), timeout=PATIENCE).is_good
    assert secure.names == ["hooks.example.com"]
    assert secure.asked[0].headers["Host"] == f"hooks.example.com:{secure.port}"


def test_a_certificate_of_another_name_is_refused(secure):
    with pytest.raises(Unanswered, match=r"certificate is not valid for 'other\.example\.com'"):
        ask("GET", url_of(f"https://other.example.com:{secure.port}/"), timeout=PATIENCE)
    assert secure.asked == []


def test_a_certificate_that_nobody_vouches_for_is_refused(secure, monkeypatch):
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(Unanswered, match="unable to get local issuer certificate"):
        ask("GET", url_of(f"https://hooks.example.com:{secure.port}/"), timeout=PATIENCE)
    assert secure.asked == []


def test_a_server_that_never_ends_its_tls_handshake_is_left_at_the_deadline(settings, resolves):
    settings.JOBS_CHANNEL_HOSTS = "hooks.example.com"
    resolves(hooks_example_com=[["127.0.0.1"]])
    with socket.create_server(("127.0.0.1", 0)) as silent:
        before = time.monotonic()
        with pytest.raises(Unanswered, match=r"it took longer than 0\.5 s"):
            ask("GET", url_of(f"https://hooks.example.com:{silent.getsockname()[1]}/"), timeout=SHORT)
    assert time.monotonic() - before < 2
