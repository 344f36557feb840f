"""Signing in at an issuer of OpenID Connect: a stand-in at this machine signs by keys of its own, over HTTP."""

import base64
import hashlib
import json
import threading
import time
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.contrib.auth.models import Group, User
from django.test import Client

from jobs.access import openid
from jobs.models import EntraAccount, Grant
from tests.helpers.people import by_app_service

pytestmark = pytest.mark.django_db
CLIENT, SECRET = "nightshift", "the client's secret"
ADA = {"sub": "17", "email": "ada@example.com", "email_verified": True, "groups": ["ops", "dba"]}


@cache
def key(name):
    """Made once for each name: that takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Issuer:
    """Publishes one key. It knows a person, and signs what a test says; `userinfo` is what it says beside."""

    def __init__(self):
        self.claims, self.userinfo, self.signed_by, self.algorithm, self.codes = {}, None, "first", "RS256", {}
        issuer = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self):
                pages = {
                    "/.well-known/openid-configuration": issuer.configuration,
                    "/keys": lambda: {"keys": [public("first")]},
                    "/userinfo": lambda: issuer.userinfo,
                }
                self.answer(pages[self.path]())

            def do_POST(self):
                form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
                asked = {name: value for name, [value] in form.items()}
                begun = issuer.codes.pop(asked["code"])
                challenge = base64.urlsafe_b64encode(hashlib.sha256(asked["code_verifier"].encode()).digest())
                assert challenge.decode().rstrip("=") == begun["code_challenge"].rstrip("=")
                assert (asked["client_id"], asked["client_secret"]) == (CLIENT, SECRET)
                assert asked["redirect_uri"] == begun["redirect_uri"]
                self.answer({"access_token": "a", "id_token": issuer.token(begun["nonce"])})

            def answer(self, found):
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(found).encode())

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def configuration(self):
        ends = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
        ends |= {"userinfo_endpoint": "/userinfo"} if self.userinfo else {}
        return {"issuer": self.url} | {name: self.url + path for name, path in ends.items()}

    def token(self, nonce):
        now = int(time.time())
        times = {"iat": now, "exp": now + 600}
        found = {"iss": self.url, "aud": CLIENT, "nonce": nonce} | times | ADA | self.claims
        found = {name: value for name, value in found.items() if value is not None}
        signed_by = {"RS256": key(self.signed_by), "HS256": SECRET * 2, "none": None}[self.algorithm]
        return jwt.encode(found, signed_by, self.algorithm, headers={"kid": "first"})


def public(name):
    return json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key(name).public_key())) | {"kid": name, "alg": "RS256"}


@pytest.fixture
def issuer(settings, monkeypatch):
    found = Issuer()
    threading.Thread(target=found.server.serve_forever, args=[0.01], daemon=True).start()
    settings.JOBS_OIDC_ISSUER, settings.JOBS_OIDC_CLIENT_ID, settings.JOBS_OIDC_CLIENT_SECRET = (
        found.url,
        CLIENT,
        SECRET,
    )
    monkeypatch.setattr(openid, "discovery", openid.Discovery())
    yield found
    found.server.shutdown()
    found.server.server_close()


def at_the_issuer(issuer, client, path="/openid/"):
    """What the browser comes back with: the query for `/openid/back/`."""
    away = client.get(path)
    assert (away.status_code, away.url.partition("?")[0]) == (302, f"{issuer.url}/authorize")
    asked = {name: value for name, [value] in parse_qs(urlsplit(away.url).query).items()}
    assert (asked["client_id"], asked["scope"]) == (CLIENT, "openid profile email")
    issuer.codes["a-code"] = asked
    return urlencode({"code": "a-code", "state": asked["state"]})


def signs_in(issuer, client=None, path="/openid/"):
    client = client or Client()
    return client.get(f"/openid/back/?{at_the_issuer(issuer, client, path)}")


def test_a_person_signs_in_and_gets_the_groups_of_a_claim(issuer):
    client = Client()
    assert b'href="/openid/?next=/jobs/"' in client.get("/sign-in/?next=/jobs/").content
    Grant.objects.create(group=Group.objects.create(name="ops"), verbs=["view"], selector="*")
    back = signs_in(issuer, client, "/openid/?next=/jobs/")
    assert (back.status_code, back.url) == (302, "/jobs/")
    assert client.get("/jobs/").status_code == 200
    user = User.objects.get()
    assert (user.username, user.has_usable_password(), user.is_staff) == ("ada@example.com", False, False)
    assert {*user.groups.values_list("name", flat=True)} == {"ops", "dba"}
    # Another name, and no longer in the group.
    issuer.claims = {"email": "ada.lovelace@example.com", "groups": ["dba"]}
    assert signs_in(issuer, client).url == "/"
    assert client.get("/jobs/").status_code == 403
    assert User.objects.get().username == "ada@example.com"


def test_groups_may_be_in_another_claim_and_come_beside_the_token(issuer, settings):
    settings.JOBS_OIDC_GROUPS = "roles"
    issuer.userinfo = {"sub": "17", "roles": "ops", "email": "mallory@example.com"}
    assert signs_in(issuer).status_code == 302
    assert [*User.objects.values_list("username", "groups__name")] == [("ada@example.com", "ops")]
    issuer.userinfo["sub"] = "18"
    assert b"it answered about somebody else" in signs_in(issuer).content


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"aud": "another"}, "Audience doesn&#x27;t match"),
        ({"aud": [CLIENT, "another"], "azp": "another"}, "its token is for another client"),
        ({"iss": "https://sso.example.com"}, "Invalid issuer"),
        ({"exp": 1_700_000_000}, "Signature has expired"),
        ({"exp": None}, "missing the &quot;exp&quot; claim"),
        ({"sub": None}, "missing the &quot;sub&quot; claim"),
        ({"nonce": "another"}, "SuspiciousOperation, which the log explains"),
        ({"email_verified": False}, "it names no verified address (email) and no preferred_username"),
    ],
)
def test_a_token_that_is_not_for_this_sign_in_is_refused(issuer, claims, why):
    issuer.claims = claims
    answer = signs_in(issuer)
    assert (answer.status_code, User.objects.count()) == (403, 0)
    assert why in answer.content.decode()


@pytest.mark.parametrize(("algorithm", "signed_by"), [("RS256", "second"), ("HS256", ""), ("none", "")])
def test_a_forged_token_is_refused(issuer, algorithm, signed_by):
    issuer.algorithm, issuer.signed_by = algorithm, signed_by
    assert (signs_in(issuer).status_code, User.objects.count()) == (403, 0)


def test_a_way_back_is_taken_once_and_only_by_the_browser_that_began(issuer):
    client = Client()
    query = at_the_issuer(issuer, client)
    for other, status in [(Client(), 403), (client, 302), (client, 403)]:
        assert other.get(f"/openid/back/?{query}").status_code == status
    state = parse_qs(at_the_issuer(issuer, client))["state"][0]
    refused = client.get("/openid/back/", {"state": state, "error": "access_denied"})
    assert (refused.status_code, b"The issuer refused it: access_denied." in refused.content) == (403, True)


def test_an_account_that_exists_is_opened_by_a_verified_address_only(issuer):
    User.objects.create_user("ada@example.com")
    chosen = {"email": None, "preferred_username": "ada@example.com"}
    issuer.claims = chosen
    assert b"doesn&#x27;t say that this name is yours alone" in signs_in(issuer).content
    issuer.claims = {}
    assert signs_in(issuer).status_code == 302
    issuer.claims = chosen | {"sub": "18"}
    assert signs_in(issuer).status_code == 403
    User.objects.create_user("grace@example.com", password="correct horse")
    issuer.claims = {"sub": "19", "email": "grace@example.com"}
    assert signs_in(issuer).status_code == 403
    User.objects.update(is_active=False)
    issuer.claims = {}
    assert b"This account is disabled." in signs_in(issuer).content


def test_an_address_is_verified_only_by_the_answer_that_it_stands_in(issuer):
    User.objects.create_user("grace@example.com")
    issuer.claims = {"email": "grace@example.com", "email_verified": None}
    issuer.userinfo = {"sub": "17", "email": "ada@example.com", "email_verified": True}
    assert signs_in(issuer).status_code == 302
    assert EntraAccount.objects.get().user.username == "ada@example.com"


def test_an_issuer_that_is_away_or_another_one_is_reported(issuer, settings):
    settings.JOBS_OIDC_ISSUER = f"{issuer.url}/"
    assert b"JOBS_OIDC_ISSUER is" in Client().get("/openid/").content
    issuer.server.shutdown()
    issuer.server.server_close()
    settings.JOBS_OIDC_ISSUER = issuer.url
    assert b"can&#x27;t be read at http://127.0.0.1" in Client().get("/openid/").content


def test_without_an_issuer_there_is_no_such_way_in():
    assert b"/openid/" not in Client().get("/sign-in/").content
    assert [Client().get(path).status_code for path in ("/openid/", "/openid/back/")] == [404, 404]
    assert by_app_service().get("/openid/").status_code == 404
