"""What `nightshift --url` does when the network, the server or the token is at fault."""

import os
import stat

import pytest

from tests.commandline.conftest import TOKEN

RUN = {
    "id": 7,
    "job": "nightly",
    "status": "succeeded",
    "duration": 2.5,
    "error": "",
    "attempt": 1,
    "not_before": None,
    "result": None,
    "attempts": [{"number": 1, "exit_code": 0}],
    "obstacle": None,
}
FAILED = RUN | {"status": "failed", "error": "It is empty.", "attempts": [{"number": 1, "exit_code": 3}]}
LINES = [f"line {number} – ü\n" for number in range(40)]


def piece(place, **others):
    """The output from one line on, some lines at a time; every third of them is on stderr."""
    text = "".join(LINES[place : place + 3])
    first = "".join(LINES[place : place + 2])
    ended = place + 3 >= len(LINES)
    return {
        "attempt": 1,
        "text": text,
        "stderr": [[len(first), len(text)]] if len(first) < len(text) else [],
        "next": f"1.0.{place + 3}",
        "complete": ended,
        "retry_after": None if ended else 0,
        "status": "succeeded" if ended else "running",
        "notes": [],
    } | others


def test_no_line_is_lost_or_comes_twice_however_often_the_connection_breaks(server, nightshift):
    faults = iter([None, (503, b""), (502, b"<html>"), None, (429, b"", {"Retry-After": "0"})] * 5)
    asked_for = []

    def answer(asked):
        if "/pieces/" not in asked.path:
            return 200, RUN
        place = int(asked.path.rpartition(".")[2])
        asked_for.append(place)
        # Each place is asked for again where the answer got lost.
        if asked_for.count(place) == 1 and (fault := next(faults, 0)) != 0:
            return fault
        return 200, piece(place)

    with server(answer) as (url, _):
        code, out, err = nightshift("--url", url, "follow", "7")
    assert code == 0
    assert out == "".join(line for place, line in enumerate(LINES) if place % 3 != 2)
    said = [line for line in err.splitlines(keepends=True) if line.startswith("line")]
    assert said == [line for place, line in enumerate(LINES) if place % 3 == 2]
    assert "Trying again." in err
    assert err.splitlines()[-1] == "Run 7 of nightly succeeded in 2.5 s."


def test_a_start_that_has_to_be_sent_again_has_the_same_key_and_another_invocation_another_one(server, nightshift):
    started = {}

    def answer(asked):
        if asked.method == "GET":
            return 200, (piece(99) if "/pieces/" in asked.path else FAILED)
        assert asked.body == {"words": ["--days", "3"]}
        key = asked.headers["Idempotency-Key"]
        started[key] = started.get(key, 0) + 1
        match started[key]:
            case 1:
                return None  # it was started, and the answer is lost
            case 2:
                return 409, {"detail": "It is at work.", "type": "urn:problem-type:nightshift:still-at-work"}
        return 200, FAILED | {"status": "queued"}

    with server(answer) as (url, _):
        for _ in range(2):
            code, _, err = nightshift("--url", url, "run", "nightly", "--days", "3")
            assert (code, err.splitlines()[-1]) == (3, "Run 7 of nightly failed: It is empty.")
    assert sorted(started.values()) == [3, 3]


def test_what_may_have_been_done_is_not_done_again(server, nightshift):
    with server(lambda asked: (200, RUN) if asked.method == "GET" else None) as (url, requests):
        code, _, err = nightshift("--url", url, "cancel", "7")
    assert code == 1
    assert "It may have been done: look before you do it again." in err
    assert [asked.method for asked in requests].count("POST") == 1


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (409, {"detail": "Job 'x' is paused already."}, "Job 'x' is paused already.\n"),
        (400, {"detail": "No.", "errors": {"until": ["until is no time."]}}, "until: until is no time.\n"),
        (
            404,
            b"<html>",
            "The server answered 404 Not Found, and not as Nightshift's API does. Is the address right?\n",
        ),
        (200, b"<html>", "The server answered something else than Nightshift's API does. Is the address right?\n"),
    ],
)
def test_an_error_is_the_problems_sentence(status, body, sentence, server, nightshift):
    with server(lambda asked: (status, body)) as (url, _):
        assert nightshift("--url", url, "jobs") == (1, "", sentence)


def test_a_token_is_not_taken_along_to_where_a_redirect_leads(server, nightshift):
    with server(lambda asked: (200, {"results": [], "next": None})) as (other, requests):
        with server(lambda asked: (302, b"", {"Location": other})) as (url, first):
            code, _, err = nightshift("--url", url, "jobs")
    assert (code, requests) == (1, [])
    assert first[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert f"leads on to {other}, and the token isn't sent there" in err


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("http://jobs.example.com", "--url: write https://jobs.example.com. Over http, others on the way could read"),
        ("https://ada:secret@jobs.example.com", "--url: leave out the name and password before jobs.example.com"),
        ("jobs.example.com", "--url: 'jobs.example.com' is not an address."),
        ("ftp://a:secret@b", "--url: 'ftp://b' is not an address."),
    ],
)
def test_an_address_by_which_the_token_could_be_read_is_refused(url, sentence, nightshift):
    code, out, err = nightshift("--url", url, "jobs")
    assert (code, out) == (1, "")
    assert err.startswith(sentence)
    assert "secret" not in err


def test_a_token_comes_from_a_file_or_the_environment_and_is_never_shown(server, nightshift, tmp_path, monkeypatch):
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}2\n")
    with server(lambda asked: (401, {"detail": "This token is unknown."})) as (url, requests):
        assert nightshift("--url", url, "--token-file", str(file), "jobs") == (1, "", "This token is unknown.\n")
        assert {asked.headers["Authorization"] for asked in requests} == {f"Bearer {TOKEN}2"}
        file.write_text(f"two {TOKEN}\n words\n")
        code, _, err = nightshift("--url", url, "--token-file", str(file), "jobs")
        assert (code, TOKEN in err) == (1, False)
        assert "doesn't hold a token" in err
        monkeypatch.delenv("NIGHTSHIFT_TOKEN")
        code, _, err = nightshift("--url", url, "jobs")
        assert (code, err.startswith("There is no token. Put one into NIGHTSHIFT_TOKEN")) == (1, True)
    monkeypatch.setenv("NIGHTSHIFT_TOKEN", TOKEN)
    code, _, err = nightshift("--url", "http://127.0.0.1:1", "cancel", "1")
    assert (code, TOKEN in err, "can't be reached" in err) == (1, False, True)


def test_azures_token_is_asked_for_again_where_it_is_no_longer_taken(server, nightshift, tmp_path, monkeypatch):
    az = tmp_path / "az"
    az.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\nwc -l < {tmp_path}/asked | sed "s/ *//;s/^/ey.token-/"\n')
    az.chmod(az.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")

    def answer(asked):
        if asked.headers["Authorization"] == "Bearer ey.token-1":
            return 401, {"detail": "It has ended."}
        return 200, {"results": [], "next": None}

    with server(answer) as (url, requests):
        code, out, _ = nightshift("--url", url, "--az", "--resource", "api://nightshift", "jobs")
    assert (code, out.startswith("No jobs are declared.")) == (0, True)
    assert [asked.headers["Authorization"] for asked in requests] == ["Bearer ey.token-1", "Bearer ey.token-2"]
    [words, _] = (tmp_path / "asked").read_text().splitlines()
    assert words == "account get-access-token --resource api://nightshift --query accessToken --output tsv"
    az.write_text("#!/bin/sh\necho 'ERROR: Please run az login.' >&2\nexit 1\n")
    code, _, err = nightshift("--url", url, "--az", "--resource", "api://nightshift", "jobs")
    assert (code, "ERROR: Please run az login." in err) == (1, True)
