"""`grant`, `token`, `service-account` and `who-may`, as an operator types them."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from jobs.access import tokens
from jobs.models import Event, Grant, Token
from tests.helpers.people import a_user

pytestmark = pytest.mark.django_db


def test_grants_are_given_listed_and_ended(says, declared):
    declared("nightly", command="succeeds", labels=["billing"])
    user = a_user("ada")
    given = says("grant", "give", "operator", "label:billing", "--group", "ops", "--reason", "on call")
    grant = Grant.objects.get()
    assert given == f"Grant {grant.pk}: the group ops is operator on label:billing. The group is new.\n"
    user.groups.add(grant.group)
    says("grant", "give", "run,view", "weekly", "--user", "ada", "--until", "30d")
    assert [row["holder"] for row in json.loads(says("grant", "list", "--format", "json"))] == [
        "the group ops",
        "the user ada",
    ]
    assert "label:billing" in says("grant", "list")
    [found] = json.loads(says("who-may", "nightly", "--format", "json"))
    assert found == {
        "who": "the group ops",
        "role": "operator",
        "verbs": ["view", "output", "run", "cancel", "pause"],
        "jobs": "label:billing",
        "why": f"grant {grant.pk} of the group ops",
        "members": ["ada"],
        "idle": False,
    }
    assert "ada" in says("who-may", "nightly")
    assert says("grant", "end", str(grant.pk)) == f"Grant {grant.pk} of the group ops has ended.\n"
    assert says("who-may", "nightly").startswith("Nobody but who may run manage.py.")
    assert {*Event.objects.values_list("door", flat=True)} == {"shell"}


def test_a_token_is_printed_once_and_alone(says):
    a_user("ada")
    stdout = StringIO()
    call_command(
        *("token", "create", "deploy", "--user", "ada", "--expires", "90d"),
        *("--scope", "operator", "billing-*", "--scope", "view", "*"),
        stdout=stdout,
        stderr=StringIO(),
    )
    secret = stdout.getvalue().strip()
    token = tokens.find(secret)
    assert [scope["selector"] for scope in token.scopes] == ["billing-*", "*"]
    listed = says("token", "list")
    assert "operator billing-*; view *" in listed
    assert secret not in listed
    assert says("token", "revoke", str(token.pk)) == f"Token {token.pk} (deploy) of ada is revoked.\n"
    assert says("token", "list") == "No tokens in force.\n"
    assert Token.objects.get().revoked_by


def test_service_accounts_are_made_and_disabled(says):
    says("service-account", "create", "deploy", "--identity", "8d2f5b1c-0000-4000-8000-3f2a11c0ffee")
    assert says("service-account", "disable", "deploy") == "The service account deploy is disabled.\n"
    [account] = json.loads(says("service-account", "list", "--format", "json"))
    assert (account["name"], account["disabled_at"] is None) == ("deploy", False)
    assert "8d2f5b1c" in says("service-account", "list")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("grant give boss * --group ops", "'boss' is neither a role nor a list of verbs. Roles: viewer, operator"),
        ("grant give view label: --group ops", "'label:' names no jobs."),
        ("grant give view * --user nobody", "No user signs in as 'nobody'."),
        ("grant give view * --service none", "There is no service account 'none'."),
        ("grant give view * --group ops --until 2020-01-01T00:00", "2020-01-01 00:00 UTC is over."),
        ("grant end 7", "There is no grant 7 in force. `manage.py grant list` lists those that are."),
        ("token create x --user nobody --scope view * --expires 1d", "No user signs in as 'nobody'."),
        ("token create x --service none --scope view * --expires soon", "--expires: 'soon' is not a time"),
        ("token revoke 7", "There is no token 7 in force. `manage.py token list` lists those that are."),
        ("service-account enable none", "There is no service account 'none'."),
        ("who-may nigthly", "No job is declared as 'nigthly'."),
    ],
)
def test_what_cannot_be_done_is_said(says, words, sentence):
    with pytest.raises(CommandError) as error:
        says(*words.split())
    assert str(error.value).startswith(sentence)
    assert not Grant.objects.exists()
