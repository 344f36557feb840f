"""Tokens of Entra ID: of a managed identity, which stands for a service account, or of a person who ran `az login`."""

import json
import threading
import time
import urllib.request
from collections.abc import Mapping
from typing import Any
from urllib.error import URLError
from urllib.parse import urlsplit

from jobs.access import app_service
from jobs.conf import conf
from jobs.models import ServiceAccount
from jobs.sentences import Sentence

# No other: `none`, and HS256 with the published key as its secret, are the classic forgeries.
ALGORITHM = "RS256"
# Of clocks that differ, in seconds.
LEEWAY = 60
# Entra publishes a new key days before it signs by it; an unknown one may make us look again, but not all the time.
KEPT, AGAIN = 24 * 3600.0, 60.0
PATIENCE = 5


class Untrusted(Sentence):
    """This token of Entra ID isn't taken: {why}."""

    def __init__(self, why: str) -> None:
        super().__init__(why=why)


class KeysAway(Sentence):
    """The keys of Entra ID can't be read at {url}: {why}. Try again in a minute."""

    def __init__(self, url: str, why: str) -> None:
        super().__init__(url=url, why=why)


class Keys:
    """The tenant's published keys, by their id. They are read again once a day, and for an id that is new."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[str, Any] = {}
        self._read_at, self._tried_at = -KEPT, -AGAIN

    def of(self, url: str, key_id: str) -> Any:
        """Raises Untrusted for an id that isn't published, and KeysAway where no keys are known."""
        if key_id not in self._found or time.monotonic() - self._read_at > KEPT:
            # One thread reads them; the others wait for it, and find them read.
            with self._lock:
                self._read(url, key_id)
        if key_id not in self._found:
            raise Untrusted("it is signed by a key that the tenant doesn't publish")
        return self._found[key_id]

    def _read(self, url: str, key_id: str) -> None:
        now = time.monotonic()
        is_fresh = now - self._read_at <= KEPT and key_id in self._found
        if is_fresh or now - self._tried_at < AGAIN:
            return
        self._tried_at = now
        try:
            self._found, self._read_at = _published(url), now
        except (OSError, ValueError, KeyError, TypeError) as error:
            # Those that are known stay good.
            if not self._found:
                reason = error.reason if isinstance(error, URLError) else type(error).__name__
                raise KeysAway(url, str(reason)) from None


keys = Keys()


def is_asked_for() -> bool:
    """Whether the settings name a tenant and an audience."""
    return bool(conf.JOBS_ENTRA_TENANT and conf.JOBS_ENTRA_AUDIENCE)


def holder(text: str) -> Any:
    """The service account of the identity that signs by this token, or the person's user.

    Raises Untrusted, KeysAway, and what `app_service.user_of` raises.
    """
    claims = _verified(text)
    if claims.get("tid") != conf.JOBS_ENTRA_TENANT:
        raise Untrusted("it is another tenant's")
    # A person's token names what the program may do for them; an application's has no such claim.
    return _person(claims) if "scp" in claims else _service(claims)


def _verified(text: str) -> Mapping[str, Any]:
    """Its claims, once signature, algorithm, audience, issuer and times are found right."""
    import jwt  # as slow to import as what it is needed for is rare

    authority, tenant, audience = _authority(), conf.JOBS_ENTRA_TENANT, conf.JOBS_ENTRA_AUDIENCE
    try:
        head = jwt.get_unverified_header(text)
        if head.get("alg") != ALGORITHM:
            raise Untrusted(f"its algorithm is {str(head.get('alg'))[:20]!r}, not {ALGORITHM}")
        key = keys.of(f"{authority}/{tenant}/discovery/v2.0/keys", str(head.get("kid")))
        claims: Mapping[str, Any] = jwt.decode(
            text,
            key,
            algorithms=[ALGORITHM],
            # By the version of the token, the id of the application or its URI.
            audience=[audience, audience.removeprefix("api://")],
            issuer=[f"{authority}/{tenant}/v2.0", f"https://sts.windows.net/{tenant}/"],
            leeway=LEEWAY,
            options={"require": ["exp", "nbf", "iss", "aud"]},
        )
    except jwt.PyJWTError as error:
        raise Untrusted(str(error).rstrip(".")[:200]) from None
    return claims


def _service(claims: Mapping[str, Any]) -> ServiceAccount:
    """The account that is tied to the identity's object id, or else to its application's."""
    ids = [str(claims[name]).lower() for name in ("oid", "azp", "appid") if claims.get(name)]
    found = {service.identity: service for service in ServiceAccount.objects.filter(identity__in=ids)}
    for identity in ids:
        if identity in found:
            return found[identity]
    raise Untrusted(
        f"no service account is tied to the identity {ids[0] if ids else 'without an id'}. "
        "`manage.py service-account identity` does that"
    )


def _person(claims: Mapping[str, Any]) -> Any:
    identity = str(claims.get("oid") or "")
    name = str(claims.get("preferred_username") or claims.get("upn") or "")
    if not identity or not name:
        raise Untrusted("an object id or a name is missing")
    named = [value for kind in ("roles", "groups") for value in claims.get(kind) or () if isinstance(value, str)]
    groups = frozenset(value for value in named if 0 < len(value) <= app_service.NAME_OF_GROUP)
    return app_service.user_of(app_service.Person(identity=identity, name=name, groups=groups))


def _authority() -> str:
    """Without a slash at its end. Only this machine may be asked without TLS, for the tests."""
    found = conf.AZURE_AUTHORITY_HOST.rstrip("/")
    found = found if "://" in found else f"https://{found}"
    address = urlsplit(found)
    if address.scheme != "https" and address.hostname not in {"127.0.0.1", "localhost"}:
        raise KeysAway(found, "it isn't an https address")
    return found


def _published(url: str) -> dict[str, Any]:
    import jwt

    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310 — https, or this machine
        listed = json.load(answer)["keys"]
    signing = [key for key in listed if key.get("kty") == "RSA" and key.get("use", "sig") == "sig" and key.get("kid")]
    return {key["kid"]: jwt.PyJWK(key, algorithm=ALGORITHM).key for key in signing}
