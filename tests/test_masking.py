"""Secrets stay out of what is kept and shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import masking
from jobs.declarations import Job
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
        (["--tokens", "many"], []),
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
    ],
)
def test_the_arguments_are_shown_without_them(arguments, shown):
    assert hide(JOB, arguments) == shown


@pytest.mark.parametrize(
    "name",
    [
        "IDENTITY_HEADER",
        "DB_PWD",
        "SECRET_KEY",
        "DB_PASSWORD",
        "GITHUB_TOKEN",
        "API_KEY",
        "KEY",
        "STORAGE_CONNECTION_STRING",
        "BLOB_SAS",
        "PASSWD",
    ],
)
def test_a_variable_whose_name_says_so_is_secret(name, monkeypatch):
    monkeypatch.setenv(name, "correct horse")
    assert "correct horse" in of_environment()


@pytest.mark.parametrize("name", ["KEYBOARD", "MONKEY", "DISASTER_MODE", "LANG", "PWD", "OLDPWD", "IDENTITY_ENDPOINT"])
def test_other_variables_are_not(name, monkeypatch):
    monkeypatch.setenv(name, "correct horse")
    assert "correct horse" not in of_environment()


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


SECRETS = st.lists(st.text("ab", min_size=masking.SHORTEST, max_size=10), max_size=4)


@given(SECRETS, st.lists(st.text("abc", max_size=12), max_size=12))
def test_the_splits_of_the_stream_make_no_difference(secrets, pieces):
    whole = "".join(pieces).encode()
    shown = in_pieces(Masker(secrets), [piece.encode() for piece in pieces])
    assert shown == in_pieces(Masker(secrets), [whole])


@given(SECRETS, st.lists(st.text("abc", max_size=12), max_size=12))
def test_no_secret_is_ever_shown(secrets, pieces):
    shown = in_pieces(Masker(secrets), [piece.encode() for piece in pieces])
    assert not [secret for secret in secrets if secret.encode() in shown]
