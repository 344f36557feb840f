"""Which names and values are secret."""

import pytest

from jobs.secret_names import is_common, is_known_kind, is_secret_option, is_sensitive

SECRET = """
SECRET SECRET_KEY CLIENT_SECRET DB_PASSWORD PASSWD DB_PWD KEY_PASSPHRASE SSHPASS SMTP_PASS DB_PASS_2 PGPASS
GITHUB_TOKEN TOKENS KEY API_KEY API_KEYS API_KEY_2 APIKEY STRIPE_APIKEY ACCESSKEY AWS_ACCESS_KEY_ID PRIVATEKEY
SIGNINGKEY DKIM_PRIVATE_KEY JWT SERVICE_JWT GITLAB_PAT SENTRY_DSN BLOB_SAS STORAGE_CONNECTION_STRING
AzureWebJobsConnectionStr IDENTITY_HEADER OTEL_EXPORTER_OTLP_HEADERS AWS_CREDENTIALS CREDS REGISTRY_AUTH
SLACK_WEBHOOK JOBS_HEARTBEAT_URL CLIENT_PFX apikey bearer_value
"""


@pytest.mark.parametrize(
    "name",
    SECRET.split(),
)
def test_these_names_say_that_the_value_is_secret(name):
    assert is_sensitive(name)


HARMLESS = """
KEYBOARD MONKEY DISASTER_MODE LANG PATH PWD OLDPWD IDENTITY_ENDPOINT COMPASS_URL BYPASS PATTERN SSH_AUTH_SOCK
AUTH_URL PASSENGERS TURKEY SSH_KEY_PATH AWS_WEB_IDENTITY_TOKEN_FILE PASSWORD_RESET_TIMEOUT TOKEN_TTL
XAUTHORITY
"""


@pytest.mark.parametrize(
    "name",
    HARMLESS.split(),
)
def test_these_dont(name):
    assert not is_sensitive(name)


@pytest.mark.parametrize(
    "value",
    [
        "github_pat_" + "a1" * 20,
        "glpat-" + "a1" * 10,
        "xoxb-123456789012-abcdef",
        "AKIA" + "A1" * 8,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2ln",
        "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE",
    ],
)
def test_some_values_say_it_themselves(value):
    assert is_known_kind(value)


@pytest.mark.parametrize("value", ["eyJ", "sk-", "-----BEGIN CERTIFICATE-----", "https://example.com/ghp_"])
def test_others_dont(value):
    assert not is_known_kind(value)


def test_the_common_words_of_settings_are_known():
    assert is_common("Production\n")
    assert not is_common("correct horse")


TAKE_A_SECRET = "--password --passw --tok --db-pass --api-key --secret --key -password --client-secret --tokens"
DONT = """
--days --sec --seconds --no-password --rotate-keys --max-tokens --primary-key --token-name --key-prefix --password-file
--force --compass --- -k - --
"""


@pytest.mark.parametrize("option", TAKE_A_SECRET.split())
def test_these_options_of_commands_take_a_secret(option):
    assert is_secret_option(option)


@pytest.mark.parametrize("option", DONT.split())
def test_these_options_dont(option):
    assert not is_secret_option(option)
