"""Tokens of Entra ID: a stand-in publishes keys at this machine, over HTTP, and signs by them."""

import base64
import hashlib
import hmac
import json
import threading
import time
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib.auth.models import Group, User

from jobs.access import entra
from jobs.ledger import states
from jobs.models import Event, Grant, ServiceAccount
from tests.helpers.people import a_service, bearing
from tests.helpers.rows import a_run

pytestmark = pytest.mark.django_db
TENANT = "99999999-0000-4000-8000-3f2a11c0ffee"
IDENTITY, APPLICATION = "8d2f5b1c-0000-4000-8000-3f2a11c0ffee", "11111111-0000-4000-8000-3f2a11c0ffee"
URI = "api://22222222-0000-4000-8000-3f2a11c0ffee"


@cache
def key(name):
    """Made once for each name: that takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Issuer:
    """Signs tokens, and publishes the keys that it is told to."""

    def __init__(self):
        self.published, self.asked, self.broken = ["first"], 0, False
        issuer = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self):
                issuer.asked += 1
                found = not issuer.broken and self.path == f"/{TENANT}/discovery/v2.0/keys"
                self.send_response(200 if found else 500)
                self.end_headers()
                self.wfile.write(json.dumps({"keys": [issuer.jwk(name) for name in issuer.published]}).encode())

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def jwk(self, name):
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key(name).public_key()))
        return public | {"kid": name, "use": "sig"}

    def token(self, signed_by="first", algorithm="RS256", **claims):
        """As a managed identity gets one, but for what is given; None leaves a claim out."""
        now = int(time.time())
        found = {
            "iss": f"{self.url}/{TENANT}/v2.0",
            "aud": URI.removeprefix("api://"),
            "tid": TENANT,
            "oid": IDENTITY,
            "azp": APPLICATION,
            "iat": now,
            "nbf": now,
            "exp": now + 600,
        } | claims
        found = {name: value for name, value in found.items() if value is not None}
        return jwt.encode(found, None if algorithm == "none" else key(signed_by), algorithm, headers={"kid": signed_by})


@pytest.fixture
def issuer(settings, monkeypatch):
    found = Issuer()
    threading.Thread(target=found.server.serve_forever, args=[0.01], daemon=True).start()
    settings.JOBS_ENTRA_TENANT, settings.JOBS_ENTRA_AUDIENCE = TENANT, URI
    settings.AZURE_AUTHORITY_HOST = found.url
    monkeypatch.setattr(entra, "keys", entra.Keys())
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def deploy():
    return a_service("deploy", "viewer", "*", identity=IDENTITY)


def answer(token):
    return bearing(token).get("/api/v1/schema/").status_code


def test_a_managed_identity_is_its_service_account_by_either_version_of_token(issuer, deploy):
    assert answer(issuer.token()) == 200
    of_version_1 = {"iss": f"https://sts.windows.net/{TENANT}/", "aud": URI, "azp": None, "appid": APPLICATION}
    assert answer(issuer.token(**of_version_1)) == 200
    assert issuer.asked == 1
    ServiceAccount.objects.update(identity=APPLICATION)
    assert answer(issuer.token()) == 200
    ServiceAccount.objects.update(disabled_at=states.clock())
    assert answer(issuer.token()) == 403
    ServiceAccount.objects.update(identity="")
    refused = bearing(issuer.token()).get("/api/v1/schema/")
    assert refused.status_code == 401
    assert f"no service account is tied to the identity {IDENTITY}" in refused.content.decode()


def pem():
    found = key("first").public_key()
    return found.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def with_the_public_key_as_a_secret(issuer):
    """HS256, signed by what everybody can read. PyJWT refuses to make such a token: it is put together here."""
    payload = issuer.token().split(".")[1]
    head = base64.urlsafe_b64encode(json.dumps({"alg": "HS256", "kid": "first"}).encode()).rstrip(b"=").decode()
    mac = hmac.new(pem(), f"{head}.{payload}".encode(), hashlib.sha256).digest()
    return f"{head}.{payload}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


FORGED = {
    "no algorithm": lambda issuer: issuer.token(algorithm="none"),
    "the public key as a secret": with_the_public_key_as_a_secret,
    "another algorithm": lambda issuer: issuer.token(algorithm="RS512"),
    "another key by the same id": lambda issuer: jwt.encode(
        jwt.decode(issuer.token(), options={"verify_signature": False}), key("other"), "RS256", headers={"kid": "first"}
    ),
    "a key that isn't published": lambda issuer: issuer.token("other"),
    "another audience": lambda issuer: issuer.token(aud="api://somebody-else"),
    "no audience": lambda issuer: issuer.token(aud=None),
    "another issuer": lambda issuer: issuer.token(iss=f"{issuer.url}/common/v2.0"),
    "another tenant": lambda issuer: issuer.token(tid=IDENTITY),
    "expired": lambda issuer: issuer.token(exp=int(time.time()) - 120),
    "no end": lambda issuer: issuer.token(exp=None),
    "not yet good": lambda issuer: issuer.token(nbf=int(time.time()) + 120),
    "cut off": lambda issuer: issuer.token()[:-20],
    "nonsense": lambda issuer: "a.b.c",
}


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_token_is_refused(issuer, deploy, name):
    assert answer(FORGED[name](issuer)) == 401
    assert answer(issuer.token()) == 200


def test_a_rotated_key_is_found_and_made_up_ones_do_not_make_us_ask_again_and_again(issuer, deploy):
    assert answer(issuer.token()) == 200
    issuer.published = ["second"]
    entra.keys._tried_at -= entra.AGAIN
    assert answer(issuer.token("second")) == 200
    assert (issuer.asked, answer(issuer.token())) == (2, 401)
    for _ in range(5):
        assert answer(issuer.token("other")) == 401
    assert issuer.asked == 2


def test_known_keys_stay_good_while_entra_is_away_and_without_any_we_say_so(issuer, deploy):
    issuer.broken = True
    assert answer(issuer.token()) == 503
    issuer.broken = False
    entra.keys._tried_at -= entra.AGAIN
    assert answer(issuer.token()) == 200
    issuer.broken = True
    entra.keys._tried_at = entra.keys._read_at = time.monotonic() - entra.KEPT
    assert (answer(issuer.token()), issuer.asked) == (200, 3)


def test_a_person_who_ran_az_login_is_their_own_account_and_never_the_programs(issuer, deploy):
    # The program by which they signed in has more rights than they.
    ServiceAccount.objects.update(identity=APPLICATION)
    person = {"scp": "user_impersonation", "oid": IDENTITY, "preferred_username": "ada@example.com"}
    token = issuer.token(**person, roles=["ops"])
    assert answer(token) == 403
    assert User.objects.get().username == "ada@example.com"
    Grant.objects.create(group=Group.objects.get(name="ops"), verbs=["view"], selector="*")
    assert answer(token) == 200
    User.objects.update(is_active=False)
    assert answer(token) == 401


def test_what_an_identity_does_is_written_down_as_the_service_accounts(issuer):
    run = a_run()
    a_service("deploy", "owner", "nightly", identity=IDENTITY)
    assert bearing(issuer.token()).put(f"/api/v1/runs/{run.pk}/pin/").status_code == 200
    assert Event.objects.get().by == "service:deploy"


def test_without_the_settings_no_such_token_is_looked_at(issuer, deploy, settings):
    token = issuer.token()
    settings.JOBS_ENTRA_AUDIENCE = ""
    assert (answer(token), issuer.asked) == (401, 0)
