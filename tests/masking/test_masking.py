"""Secrets stay out of what is kept and shown."""

import base64
import json
import time
import tracemalloc
from random import Random
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import masking
from jobs.declarations.job import Job
from jobs.masking import Masker, hide, mask, of_arguments, of_environment

JOB = Job(name="nightly", command="nightly", secrets=("--token", "-p"))


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--token", "s3cret"], ["s3cret"]),
        (["--token=s3cret"], ["s3cret"]),
        (["--token=a=b"], ["a=b"]),
        (["-p", "s3cret", "--days", "3"], ["s3cret"]),
        (["--tok", "s3cret"], ["s3cret"]),
        (["--tok=s3cret"], ["s3cret"]),
        (["-ps3cret", "-v"], ["s3cret"]),
        (["--token"], []),
        (["--tokens", "one", "two", "--days", "3"], ["one", "two"]),
        (["--password", "s3cret", "file"], ["s3cret"]),
        (["--db-passw=s3cret"], ["s3cret"]),
        (["--password", "--days", "3"], []),
        (["--max-tokens", "500", "--primary-key", "id", "--rotate-keys", "all"], []),
        (["file", "ghp_0123456789abcdefghijABCDEFGHIJ456789"], ["ghp_0123456789abcdefghijABCDEFGHIJ456789"]),
        (["--", "x"], []),
        (["--days", "3"], []),
    ],
)
def test_the_values_of_secret_options_are_found(arguments, found):
    assert of_arguments(JOB, arguments) == found


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["--token", "s3cret", "--days", "3"], ["--token", "********", "--days", "3"]),
        (["--token=s3cret"], ["--token=********"]),
        (["--token", "s3cret", "s3cret", "--other=s3cret"], ["--token", "********", "********", "--other=********"]),
        (["-ps3cret", "-v3"], ["-p********", "-v3"]),
        (["--days=3"], ["--days=3"]),
        (["--api-key", "k", "-v"], ["--api-key", "********", "-v"]),
        (["--from=ftp://ada:s3cret@host/"], ["--from=ftp://ada:********@host/"]),
    ],
)
def test_the_arguments_are_shown_without_them(arguments, shown):
    assert hide(JOB, arguments) == shown


def test_a_run_of_a_job_that_is_gone_shows_no_secret_either():
    assert hide(None, ["--token", "s3cret", "-p", "3"]) == ["--token", "********", "-p", "3"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "correct horse"),
        ("MY_FEED", "ghp_0123456789abcdefghijABCDEFGHIJ456789"),
        ("MY_FEED", "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\n-----END RSA PRIVATE KEY-----\n"),
    ],
)
def test_a_variable_whose_name_or_value_says_so_is_secret(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    assert value in of_environment()


@pytest.mark.parametrize(
    ("name", "value"),
    [("LANG", "correct horse"), ("DB_PASSWORD", "password"), ("API_TOKEN", "Production"), ("TOKEN_TTL", "86400000")],
)
def test_other_variables_and_common_words_are_not(name, value, monkeypatch):
    monkeypatch.setenv(name, value)
    assert value not in of_environment()


def test_the_password_in_the_databases_url_is_secret(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://ada:correcthorse@host/name")
    assert "correcthorse" in of_environment()


@pytest.mark.parametrize(
    ("value", "secrets"),
    [
        ("redis://:correcthorse@cache.example.com:6379/0", {"correcthorse"}),
        ("amqps://ada:correct%40horse%2F1@host/vhost", {"correct%40horse%2F1", "correct@horse/1"}),
        ("https://ada:correct@horse@example.com/?mail=ada@example.com", {"correct@horse"}),
        ("http://one:firstsecret@a.example.com http://two:secondsecret@b.example.com", {"firstsecret", "secondsecret"}),
        ("Server=tcp:db.example.com;User Id=ada;Password=correct horse;Encrypt=true", {"correct horse", "correct"}),
        ("Endpoint=sb://a.example.com/;PWD = correcthorse", {"correcthorse"}),
        ("https://a.example.com/runs?sv=2025&sig=c2VjcmV0%3D", {"c2VjcmV0%3D", "c2VjcmV0="}),
        ("host=db user=ada password=correcthorse dbname=jobs", {"correcthorse"}),
        ("host=db password='correct horse'", {"correct horse"}),
        ("postgresql:///jobs?host=db&password=correct%20horse&sslmode=require", {"correct%20horse", "correct horse"}),
    ],
)
def test_a_password_in_a_value_is_secret_whatever_its_variable_is_called(value, secrets, monkeypatch):
    monkeypatch.setenv("CACHE_URL", value)
    assert secrets <= set(of_environment())
    shown = mask(f"{value} {' '.join(secrets)}")
    assert not [secret for secret in secrets if secret in shown]


@pytest.mark.parametrize(
    "value", ["http://localhost:10000/account@1", "a password: none", "postgresql://ada@host/name"]
)
def test_a_value_without_a_password_is_none(value, monkeypatch):
    before = set(of_environment())
    monkeypatch.setenv("CACHE_URL", value)
    assert set(of_environment()) == before


def test_a_short_value_is_not_masked():
    assert mask("the answer is 42424", ["42424"]) == "the answer is 42424"
    assert mask("the answer is 424242", ["424242"]) == "the answer is ********"


def test_a_secret_beyond_ascii_is_masked():
    assert mask("der Schlüssel: größenwahn!", ["größenwahn"]) == "der Schlüssel: ********!"


PEM = """-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2
OF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r
1RTwjmYSi9R/zpBnuQ4EiMnCqfMPWiZqB4QdbAd0E7oH50VpuZ1P087G
-----END PRIVATE KEY-----
"""


@pytest.mark.parametrize("secret", [PEM, PEM.replace("\n", "\\n"), PEM.replace("\n", "\r\n")])
def test_a_secret_of_several_lines_is_masked_in_each_of_them(secret):
    shown = mask("\n".join(f"read {line!r}" for line in PEM.splitlines()), [secret])
    assert (
        shown == "read '-----BEGIN PRIVATE KEY-----'\n" + "read '********'\n" * 3 + "read '-----END PRIVATE KEY-----'"
    )


def test_a_secret_with_a_line_end_behind_it_is_masked_when_it_is_printed_without():
    assert mask("token: hunter2!", ["hunter2\n"]) == "token: ********!"


def test_a_secret_is_masked_as_other_formats_have_it():
    secret = 'größen"wahn&co/2024+'
    text = secret.encode()
    for shown in (
        json.dumps({"password": secret}),
        json.dumps({"password": secret}, ensure_ascii=False),
        repr([secret]),
        f"https://example.com/{quote(secret)}",
        urlencode({"password": secret}),
        *(base64.b64encode(b"ada:"[:before] + text).decode() for before in range(4)),
        base64.urlsafe_b64encode(text + b"\n").decode(),
    ):
        assert "********" in mask(shown, [secret]), shown
    header = base64.b64encode(f"ada:{secret}".encode()).decode()
    assert len(mask(header, [secret])) <= len("********") + 8, "what is left belongs to the name before it"


def test_a_long_secret_costs_memory_by_its_length_and_not_by_its_square():
    secret = "".join(Random(1).choices("abcdefgh", k=32_000))
    tracemalloc.start()
    masker = Masker([secret])
    shown = in_pieces(masker, [b"x" * 65_536, secret.encode()[:20_000], secret.encode()[20_000:], b"y"])
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert shown == b"x" * 65_536 + b"********y"
    assert most < 20 * 2**20


def test_output_that_is_like_a_long_secret_everywhere_is_masked_in_time_that_grows_with_it():
    masker = Masker(["a" * 32_000 + "b"])
    began = time.monotonic()
    pieces = [b"a" * 65_535 + b"c"] * 100 + [b"a" * 40_000, b"b"]
    assert in_pieces(masker, pieces) == b"".join(pieces[:-2]) + b"a" * 8_000 + b"********"
    assert time.monotonic() - began < 30


def in_pieces(masker, pieces):
    return b"".join([*(masker.feed(piece) for piece in pieces), masker.end()])


def test_a_secret_that_straddles_two_pieces_is_masked():
    assert in_pieces(Masker(["hunter2hunter2"]), [b"it is hunter2", b"hunter2."]) == b"it is ********."


def test_what_only_began_like_a_secret_is_shown():
    masker = Masker(["hunter2"])
    assert masker.feed(b"a hunt") == b"a "
    assert masker.feed(b"er came") == b"hunter came"


def test_a_secret_that_begins_with_another_is_masked_whole():
    assert in_pieces(Masker(["hunter2", "hunter2-prod"]), [b"hunter2", b"-prod"]) == b"********"


def test_a_secret_within_another_doesnt_lay_the_rest_bare():
    assert in_pieces(Masker(["xabcdefgh", "abcdef"]), [b"xabcdef", b"gh"]) == b"********"


def test_without_secrets_nothing_is_held():
    assert Masker([]).feed(b"hunt") == b"hunt"


SECRETS = st.lists(st.text("ab", min_size=masking.SHORTEST, max_size=50), max_size=4)


@given(SECRETS, st.lists(st.text("abc", max_size=60), max_size=12))
def test_the_splits_of_the_stream_make_no_difference(secrets, pieces):
    whole = "".join(pieces).encode()
    shown = in_pieces(Masker(secrets), [piece.encode() for piece in pieces])
    assert shown == in_pieces(Masker(secrets), [whole])


@given(SECRETS, st.lists(st.text("abc", max_size=60), max_size=12))
def test_no_secret_is_ever_shown(secrets, pieces):
    shown = in_pieces(Masker(secrets), [piece.encode() for piece in pieces])
    assert not [secret for secret in secrets if secret.encode() in shown]
