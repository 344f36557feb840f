import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from jobs import conf
from jobs.beside.database import PATIENCE
from jobs.setting import Variable
from mydjango import database, env
from mydjango.variables import CONTAINER, PROJECT

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = ROOT / "mydjango" / "settings.py"
PRODUCTION = {
    "SECRET_KEY": "not-a-secret-but-as-long-and-as-varied-as-a-real-one-0123456789",
    "DATABASE_URL": "postgresql://nobody@db.example.com/nightshift",
    "ALLOWED_HOSTS": "jobs.example.com",
}


def read_by_settings():
    return set(re.findall(r"""(?:env\.\w+\(|environ\.get\(|environ\[)\s*"(\w+)\"""", SETTINGS.read_text()))


def read_at_start():
    return set(re.findall(r"\$\{([A-Z_]+):[-+]", (ROOT / "container" / "start.sh").read_text()))


def manage(*arguments, **variables):
    """`manage.py` in an environment that has these variables of ours and no others."""
    others = {name: value for name, value in os.environ.items() if name not in read_by_settings()}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=others | {"DJANGO_SETTINGS_MODULE": "mydjango.settings"} | variables,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_every_variable_that_settings_or_start_read_is_documented_and_no_other():
    ours = {setting.name for setting in conf.declared()}
    project, container = ({variable.name for variable in table} for table in (PROJECT, CONTAINER))
    assert project & ours == container & ours == set()
    assert project == read_by_settings() - ours
    assert container == read_at_start() - ours


def test_each_setting_of_ours_is_taken_from_the_environment_or_belongs_to_a_process():
    of_the_project = (setting for setting in conf.declared() if not isinstance(setting, Variable))
    from_environment = {setting.name for setting in of_the_project if not setting.is_python}
    beside_a_project = {"JOBS_URLCONF", "JOBS_SERVE_PROJECT"}  # here the site is ours
    assert from_environment - beside_a_project <= read_by_settings()


def test_the_documented_defaults_of_the_project_are_those_of_its_settings():
    given = dict(re.findall(r'env\.text\("(\w+)", "([^"]+)"\)', SETTINGS.read_text()))
    assert given == {"TIME_ZONE": "UTC", "LOG_LEVEL": "INFO"}
    assert given.items() <= {variable.name: variable.shown for variable in PROJECT}.items()


def test_while_the_settings_load_no_setting_is_read_and_nothing_of_the_jobs_that_could():
    """`jobs.beside.database` alone is imported, which is made for settings; whatever comes with it reads none."""
    code = (
        "import sys, mydjango.settings; from django.conf import settings\n"
        "print(settings.configured, *{'jobs.models', 'jobs.ledger', 'jobs.apps'}.intersection(sys.modules))"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=os.environ | {"LOCAL": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (loaded.stdout, loaded.stderr) == ("False\n", "")


@pytest.mark.parametrize("unread", ["SECRET_KEY", "DATABASE_URL"])
def test_a_reference_to_a_key_vault_that_was_not_read_is_no_value(unread):
    reference = "@Microsoft.KeyVault(SecretUri=https://nightshift.vault.azure.net/secrets/secret-key)"
    started = manage("check", **PRODUCTION | {unread: reference})
    assert started.returncode == 1
    assert started.stderr.splitlines()[-1] == (
        f"jobs.declarations.app_settings.UnreadSecret: {unread} couldn't be read from the Key Vault. Check that the "
        "secret exists and that the app's identity has the role Key Vault Secrets User, then restart the app."
    )


@pytest.mark.parametrize("missing", ["SECRET_KEY", "DATABASE_URL"])
@pytest.mark.parametrize("is_empty", [False, True], ids=["absent", "empty"])
def test_without_local_the_start_stops_where_a_variable_is_missing(missing, is_empty):
    variables = {name: value for name, value in PRODUCTION.items() if name != missing}
    started = manage("check", **variables, **({missing: ""} if is_empty else {}))
    assert started.returncode == 1
    assert started.stderr.splitlines()[-1] == (
        f"django.core.exceptions.ImproperlyConfigured: {missing} is not set. "
        "Set it, or set LOCAL=1 to try the project on your own machine."
    )


def test_a_value_that_cannot_be_used_stops_the_start():
    started = manage("check", **PRODUCTION, JOBS_MAX_RUNNING="many")
    assert started.returncode == 1
    assert started.stderr.splitlines()[-1] == (
        "django.core.exceptions.ImproperlyConfigured: JOBS_MAX_RUNNING is 'many'. Write a whole number."
    )


def test_the_checks_for_a_deployment_find_nothing_with_production_variables():
    checked = manage("check", "--build", **PRODUCTION)
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout == "System check identified no issues (0 silenced).\n"


def test_the_checks_for_a_deployment_see_a_weak_secret_key():
    checked = manage("check", "--build", **PRODUCTION | {"SECRET_KEY": "short"})
    assert checked.returncode == 1
    assert "security.W009" in checked.stderr


def test_a_local_project_needs_no_variable_but_local():
    assert manage("check", LOCAL="1").returncode == 0


@pytest.mark.parametrize(
    ("read", "value", "sentence"),
    [
        (env.flag, "perhaps", "THING is 'perhaps'. Write 1 or 0."),
        (env.whole_number, "fifty", "THING is 'fifty'. Write a whole number."),
        (env.whole_number, "1.5", "THING is '1.5'. Write a whole number."),
        (
            env.origins,
            "https://a.example.com, b.example.com",
            "THING has 'b.example.com'. Write each origin with its scheme: https://b.example.com",
        ),
    ],
)
def test_a_bad_value_is_answered_with_a_sentence(monkeypatch, read, value, sentence):
    monkeypatch.setenv("THING", value)
    with pytest.raises(ImproperlyConfigured) as caught:
        read("THING")
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("read", "value", "meaning"),
    [
        (env.flag, "1", True),
        (env.flag, "Yes", True),
        (env.flag, "off", False),
        (env.flag, "", False),
        (lambda name: env.flag(name, default=True), "", True),
        (env.whole_number, "12", 12),
        (env.whole_number, "", None),
        (env.given, "", None),
        (env.words, " a.example.com ,, b.example.com", ["a.example.com", "b.example.com"]),
        (lambda name: env.words(name, ["a"]), "", ["a"]),
        (env.origins, "https://a.example.com", ["https://a.example.com"]),
        (env.origins, "", []),
        (lambda name: env.text(name, "b"), "", "b"),
        (env.text, "a", "a"),
    ],
)
def test_a_good_value_is_read(monkeypatch, read, value, meaning):
    monkeypatch.setenv("THING", value)
    assert read("THING") == meaning


def test_a_database_url_is_read_as_libpq_reads_it():
    settings = database.from_url("postgresql://anna:se%20cret@db.example.com:6432/jobs?sslmode=require")
    found = {name: settings[name] for name in ("USER", "PASSWORD", "HOST", "PORT", "NAME")}
    assert found == {
        "USER": "anna",
        "PASSWORD": "se cret",
        "HOST": "db.example.com",
        "PORT": "6432",
        "NAME": "jobs",
    }
    assert settings["OPTIONS"] == PATIENCE | {"sslmode": "require"}


def test_the_url_may_give_a_silent_server_more_time():
    settings = database.from_url("postgresql://db.example.com/jobs?tcp_user_timeout=60000")
    assert settings["OPTIONS"] == PATIENCE | {"tcp_user_timeout": "60000"}


def test_a_database_url_that_cannot_be_read_stays_out_of_the_message():
    with pytest.raises(ImproperlyConfigured) as caught:
        database.from_url("mysql://anna:secret@db.example.com/jobs")
    assert str(caught.value) == ("DATABASE_URL can't be read. Write it as postgresql://user:password@host:5432/name.")
