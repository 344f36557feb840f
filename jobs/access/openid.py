"""People who sign in at an issuer of OpenID Connect, by mozilla-django-oidc (the extra `openid`).

That package checks signature and nonce. Whose token it is, for whom, and until when, is checked here; and accounts are
those of `access/app_service.py`: tied to the issuer's subject, in the groups that a claim names.
"""

import hashlib
import logging
import threading
import time
from collections.abc import Mapping
from typing import Any

import jwt
import requests
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.utils import import_from_settings

from jobs import masking
from jobs.access.app_service import NAME_OF_GROUP, Person, user_of
from jobs.conf import conf
from jobs.sentences import Sentence

log = logging.getLogger(__name__)

# Every issuer can sign by it (OpenID Connect Core 1.0, section 15.1).
ALGORITHM = "RS256"
# Of clocks that differ, in seconds.
LEEWAY = 60
KEPT, PATIENCE = 3600.0, 10
# What mozilla-django-oidc calls what the issuer publishes.
PUBLISHED = {
    "OIDC_OP_AUTHORIZATION_ENDPOINT": "authorization_endpoint",
    "OIDC_OP_TOKEN_ENDPOINT": "token_endpoint",
    "OIDC_OP_JWKS_ENDPOINT": "jwks_uri",
    "OIDC_OP_USER_ENDPOINT": "userinfo_endpoint",
}


class NotTaken(Sentence):
    """What the issuer sent was refused: {why}. Sign in again; if it is refused again, ask an administrator."""

    def __init__(self, why: str) -> None:
        super().__init__(why=why)


class IssuerAway(Sentence):
    """What the issuer publishes can't be read at {url}: {why}. Try again in a minute."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(url=url, why=why)


class Discovery:
    """What the issuer publishes of itself (OpenID Connect Discovery 1.0), read again once an hour."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._issuer, self._found, self._until = "", {}, 0.0  # type: str, Mapping[str, Any], float

    def get(self) -> Mapping[str, Any]:
        """Raises IssuerAway or NotTaken."""
        issuer = conf.JOBS_OIDC_ISSUER
        with self._lock:
            if (self._issuer, self._until > time.monotonic()) != (issuer, True):
                self._found = _published(issuer)
                self._issuer, self._until = issuer, time.monotonic() + KEPT
            return self._found


discovery = Discovery()


def setting(name: str, *default: Any) -> Any:
    """A setting of mozilla-django-oidc: ours, what the issuer publishes, or the project's own."""
    if name in PUBLISHED:
        return discovery.get().get(PUBLISHED[name], "")
    ours = {
        "OIDC_RP_CLIENT_ID": conf.JOBS_OIDC_CLIENT_ID,
        "OIDC_RP_CLIENT_SECRET": conf.JOBS_OIDC_CLIENT_SECRET,
        "OIDC_RP_SIGN_ALGO": ALGORITHM,
        "OIDC_RP_SCOPES": "openid profile email",
        "OIDC_AUTHENTICATION_CALLBACK_URL": "nightshift:openid_back",
        "OIDC_USE_PKCE": True,
        "OIDC_USE_NONCE": True,
        "OIDC_ALLOW_UNSECURED_JWT": False,
        "OIDC_RP_IDP_SIGN_KEY": None,
        "OIDC_TIMEOUT": PATIENCE,
    }
    return ours[name] if name in ours else import_from_settings(name, *default)


class Backend(OIDCAuthenticationBackend):  # type: ignore[misc]
    """Finds the person's account by what the issuer says."""

    @staticmethod
    def get_settings(attr: str, *args: Any) -> Any:
        return setting(attr, *args)

    def find(self, request: HttpRequest, nonce: str, code_verifier: str) -> Any:
        """The person's account, by the code that the request brings. Raises NotTaken, and what `user_of` raises."""
        try:
            return self.authenticate(request, nonce=nonce, code_verifier=code_verifier)
        except (requests.RequestException, jwt.PyJWTError, SuspiciousOperation) as error:
            log.warning("refused a sign-in: %s", masking.mask(str(error)[:500]))
            raise NotTaken(f"{type(error).__name__}, which the log explains") from None
        except (LookupError, TypeError, ValueError):
            raise NotTaken("it can't be read") from None

    def get_payload_data(self, token: str, key: Any) -> Mapping[str, Any]:
        """The claims of an ID token. Raises NotTaken."""
        client, needed = self.OIDC_RP_CLIENT_ID, ["iss", "aud", "sub", "exp", "iat"]
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[ALGORITHM],
                audience=client,
                issuer=conf.JOBS_OIDC_ISSUER,
                leeway=LEEWAY,
                options={"require": needed},
            )
        except jwt.InvalidTokenError as error:
            raise NotTaken(f"its token: {error}") from None
        if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != client:
            raise NotTaken("its token is for another client")
        return claims

    def get_or_create_user(self, access_token: str, id_token: str, payload: Mapping[str, Any]) -> Any:
        """Raises NotTaken, and what `app_service.user_of` raises."""
        more = self.get_userinfo(access_token, id_token, payload) if self.OIDC_OP_USER_ENDPOINT else {}
        if more and more.get("sub") != payload["sub"]:
            raise NotTaken("it answered about somebody else")
        # An address is verified by the answer that it stands in, and by no other.
        address = next((said for said in (payload, more) if said.get("email_verified") is True), payload)
        verified = {name: address.get(name) for name in ("email", "email_verified")}
        return user_of(person({**more, **payload, **verified}))


def person(claims: Mapping[str, Any]) -> Person:
    """Whom the claims name: by a verified address, else by the name that they prefer. Raises NotTaken."""
    is_verified = claims.get("email_verified") is True and bool(claims.get("email"))
    name = claims["email"] if is_verified else claims.get("preferred_username")
    if not isinstance(name, str) or not name:
        raise NotTaken("it names no verified address (email) and no preferred_username")
    listed = claims.get(conf.JOBS_OIDC_GROUPS, [])
    groups = frozenset(
        group
        for group in (listed if isinstance(listed, list) else [listed])
        if isinstance(group, str) and 0 < len(group) <= NAME_OF_GROUP
    )
    whose = hashlib.sha256(f"{claims['iss']}\n{claims['sub']}".encode()).hexdigest()
    # Names that people choose for themselves open no account that exists.
    return Person(identity=f"openid:{whose}", name=name, groups=groups, is_vouched_for=is_verified)


def _published(issuer: str) -> Mapping[str, Any]:
    url = issuer.rstrip("/") + "/.well-known/openid-configuration"
    try:
        answer = requests.get(url, timeout=PATIENCE)
        answer.raise_for_status()
        found: Mapping[str, Any] = answer.json()
    except (requests.RequestException, ValueError) as error:
        raise IssuerAway(url, type(error).__name__) from None
    if found.get("issuer") != issuer:
        raise NotTaken(f"it calls itself {found.get('issuer')!r}, and JOBS_OIDC_ISSUER is {issuer!r}")
    return found
