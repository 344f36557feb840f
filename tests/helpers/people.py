"""The people and programs that a matrix of rights is about, each as a client that calls the site.

Whoever isn't an administrator has a grant for jobs with the label `billing`, or with another one.
"""

import base64
import json
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.test import Client

from jobs.access import tokens
from jobs.choices import ROLES
from jobs.ledger import states
from jobs.models import Grant, ServiceAccount, Token

LABEL, OTHER_LABEL = "billing", "payroll"


def a_user(name, role="", selector=f"label:{LABEL}", **fields):
    """An account, with a grant of this ready role where one is named."""
    user = get_user_model().objects.create_user(name, **fields)
    if role:
        Grant.objects.create(user=user, verbs=list(ROLES[role]), selector=selector)
    return user


def a_service(name="deploy", role="operator", selector=f"label:{LABEL}", **fields):
    """A service account with a grant of this ready role."""
    service = ServiceAccount.objects.create(name=name, **fields)
    Grant.objects.create(service=service, verbs=list(ROLES[role]), selector=selector)
    return service


def a_token(owner, role="administrator", selector="*", **fields):
    """A token of this user or service account, and its secret."""
    secret, now = tokens.new(), states.clock()
    holder = {"service" if isinstance(owner, ServiceAccount) else "user": owner}
    dates = {"created_at": now - timedelta(days=2), "expires_at": now + timedelta(days=1)}
    token = Token.objects.create(
        name="ci",
        hash=tokens.hash_of(secret),
        hint=secret[: tokens.HINT_LENGTH],
        scopes=[{"verbs": list(ROLES[role]), "selector": selector}],
        **holder,
        **dates | fields,
    )
    return token, secret


def signed_in(user, **options):
    client = Client(**options)
    client.force_login(user)
    return client


def bearing(secret, **options):
    """A client that sends this secret."""
    return Client(headers={"Authorization": f"Bearer {secret}"}, **options)


def by_token(role="operator", **fields):
    _, secret = a_token(a_user("tess", role), **fields)
    return bearing(secret)


def yesterday():
    return states.clock() - timedelta(days=1)


def principal(name, identity="8d2f5b1c-0000-4000-8000-3f2a11c0ffee", provider="aad", **claims):
    """The header of App Service's authentication for this person, with claims such as roles=["ops"]."""
    found = {"preferred_username": [name], "oid": [identity]} | claims
    listed = [{"typ": kind, "val": value} for kind, values in found.items() for value in values]
    text = json.dumps({"auth_typ": provider, "claims": listed})
    return {"X-MS-CLIENT-PRINCIPAL": base64.b64encode(text.encode()).decode(), "X-MS-CLIENT-PRINCIPAL-NAME": name}


def by_app_service(name="root@example.com", **claims):
    """A client whose requests seem to come from App Service's authentication."""
    return Client(headers=principal(name, **claims))


def as_superuser_of_app_service():
    get_user_model().objects.create_superuser("root@example.com", None, None)
    return by_app_service()


# By name: how to make the client. Each needs the database.
PEOPLE = {
    "anonymous": Client,
    "stranger": lambda: signed_in(a_user("sam", is_staff=True)),
    "viewer": lambda: signed_in(a_user("vera", "viewer")),
    "operator of another label": lambda: signed_in(a_user("otto", "operator", f"label:{OTHER_LABEL}")),
    "operator": lambda: signed_in(a_user("olga", "operator")),
    "owner": lambda: signed_in(a_user("owen", "owner")),
    "administrator": lambda: signed_in(a_user("ada", "administrator", "*")),
    "token": by_token,
    "expired token": lambda: by_token(expires_at=yesterday()),
    "revoked token": lambda: by_token(revoked_at=yesterday()),
    "token with the wrong scope": lambda: by_token(selector=f"label:{OTHER_LABEL}"),
    "service token": lambda: bearing(a_token(a_service())[1]),
    "App Service header without the setting": as_superuser_of_app_service,
}
