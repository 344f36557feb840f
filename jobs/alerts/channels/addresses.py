"""Where a channel may lead: to public addresses, and not into the network that the app stands in (SSRF)."""

import ipaddress
import re
import socket
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Address, IPv6Address
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from jobs.alerts.channels.deadline import Deadline, within
from jobs.conf import conf
from jobs.sentences import Sentence

PORTS = {"http": 80, "https": 443}
# Azure answers there whoever asks from within: the name server, health probes, and what a machine may know of itself.
AZURE = IPv4Address("168.63.129.16")
# In a network that speaks IPv6 alone, IPv4 addresses are written so (RFC 6052).
NAT64 = ipaddress.ip_network("64:ff9b::/96")
_VISIBLE = re.compile(r"[!-~]+")


class BadUrl(Sentence):
    """{flaw}"""

    def __init__(self, flaw: str) -> None:
        super().__init__(flaw=flaw)


class Forbidden(Sentence):
    """{host} leads to {address}, which is not a public address: nothing was sent.

    A host that JOBS_CHANNEL_HOSTS names may lead to a private one.
    """

    def __init__(self, host: str, address: object) -> None:
        super().__init__(host=host, address=address)


@dataclass(frozen=True, slots=True)
class Url:
    """`place` is the host with the port, as the URL has them; `target` is the path with the query."""

    scheme: str
    host: str
    port: int
    place: str
    target: str

    def shown(self) -> str:
        """Without what may be secret."""
        return f"{self.scheme}://{self.place}" + ("" if self.target == "/" else "/…")

    def secrets(self) -> list[str]:
        """What gives it away: its target, and each piece of that which no word is as long as."""
        pieces = re.split(r"[/?&=]", self.target)
        return [self.target] * (len(self.target) > 1) + [piece for piece in pieces if len(piece) >= 10]


def url_of(text: str, called: str = "'url'") -> Url:
    """Raises BadUrl with a sentence that doesn't show the URL, but says what it is called."""
    if not _VISIBLE.fullmatch(text):
        raise BadUrl(f"{called} has spaces or other letters that a URL can't have. Write them as %20 and the like.")
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise BadUrl(f"{called} is not an address. Write https://hooks.example.com/….") from None
    if parts.scheme not in PORTS or not host:
        raise BadUrl(f"{called} is not an address. Write https://hooks.example.com/….")
    if "@" in parts.netloc:
        raise BadUrl(f"{called} has a name or password in front of its host. Leave it out: nothing is sent with it.")
    if parts.scheme == "http" and not (is_inside(host) or is_here(host)):
        raise BadUrl(f"{called} begins with http://. Write https://, or name its host in JOBS_CHANNEL_HOSTS.")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Url(parts.scheme, host, port or PORTS[parts.scheme], parts.netloc, target)


def is_inside(host: str) -> bool:
    """Whether JOBS_CHANNEL_HOSTS names this host: its address may be a private one."""
    return host in {name.strip().lower() for name in conf.JOBS_CHANNEL_HOSTS.split(",")}


def is_here(host: str) -> bool:
    """Whether it is this machine by its name, on a developer's machine."""
    return bool(conf.LOCAL or settings.DEBUG) and host in {"localhost", "127.0.0.1", "::1"}


def may_reach(host: str, address: IPv4Address | IPv6Address) -> bool:
    """Whether this address of a host may be connected to."""
    if is_public(address):
        return True
    if getattr(address, "ipv4_mapped", None) or address.is_unspecified or address.is_multicast:
        return False
    # Link-local addresses are never meant: the cloud says there who the machine is, with its tokens.
    if address.is_link_local or address == AZURE:
        return False
    return (address.is_loopback and is_here(host)) or (address.is_private and is_inside(host))


def is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        # Each of them is a way to write an IPv4 address, and a public host needs none.
        if address.ipv4_mapped or address.sixtofour or address.teredo or address.is_site_local:
            return False
        if address in NAT64:
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    return address.is_global and not (address.is_multicast or address.is_reserved) and address != AZURE


def resolve(url: Url, deadline: Deadline) -> list[tuple[socket.AddressFamily, Any]]:
    """The addresses of the URL's host, asked for once: where to connect to, as `socket` takes them.

    Raises Forbidden if one of them may not be reached, and OSError, UnicodeError.
    """
    ask = partial(socket.getaddrinfo, url.host, url.port, type=socket.SOCK_STREAM)
    found: list[tuple[socket.AddressFamily, Any]] = [
        (family, place) for family, _, _, _, place in within(deadline.left(), ask)
    ]
    for _, place in found:
        address = ipaddress.ip_address(place[0])
        if not may_reach(url.host, address):
            raise Forbidden(url.host, address)
    return found
