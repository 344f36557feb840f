"""Which addresses a channel may lead to."""

import ipaddress

import pytest

from jobs.alerts.channels.addresses import BadUrl, is_public, may_reach, url_of

NOT_PUBLIC = [
    *("127.0.0.1", "127.8.8.8", "10.0.0.4", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "0.0.0.0"),
    *("169.254.169.254", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1"),
    "168.63.129.16",  # Azure's own
    *("::", "::1", "fe80::1", "fc00::1", "fd12::1", "fec0::1", "ff02::1", "2001:db8::1", "100::1"),
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::ffff:8.8.8.8", "::127.0.0.1"),
    *("2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1"),
]


@pytest.mark.parametrize("address", NOT_PUBLIC)
def test_an_address_that_is_not_public_is_refused(address):
    assert not is_public(ipaddress.ip_address(address))
    assert not may_reach("hooks.example.com", ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "20.50.2.3", "2606:4700::1111", "64:ff9b::808:808"])
def test_a_public_address_may_be_reached(address):
    assert may_reach("hooks.example.com", ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ("address", "may"),
    [
        *(("10.0.0.4", True), ("127.0.0.1", True), ("fd12::1", True), ("8.8.8.8", True)),
        *(("169.254.169.254", False), ("fe80::1", False), ("168.63.129.16", False), ("0.0.0.0", False)),
        *(("::ffff:10.0.0.4", False), ("::ffff:169.254.169.254", False), ("224.0.0.1", False)),
    ],
)
def test_a_host_of_ones_own_may_have_a_private_address_and_never_the_clouds(settings, address, may):
    settings.JOBS_CHANNEL_HOSTS = "other.example, hooks.corp.example"
    assert may_reach("hooks.corp.example", ipaddress.ip_address(address)) is may


def test_this_machine_may_be_reached_by_its_name_on_a_laptop_alone(settings):
    loopback = ipaddress.ip_address("127.0.0.1")
    assert may_reach("localhost", loopback)
    assert not may_reach("rebind.example.com", loopback)
    settings.LOCAL = False
    assert not may_reach("localhost", loopback)
    settings.DEBUG = True
    assert may_reach("localhost", loopback)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("hooks.example.com", "'url' is not an address. Write https://hooks.example.com/…."),
        ("ftp://hooks.example.com", "'url' is not an address. Write https://hooks.example.com/…."),
        ("file:///etc/passwd", "'url' is not an address. Write https://hooks.example.com/…."),
        ("https://", "'url' is not an address. Write https://hooks.example.com/…."),
        ("https://hooks.example.com:port/", "'url' is not an address. Write https://hooks.example.com/…."),
        (
            "https://hooks.example.com/a b",
            "'url' has spaces or other letters that a URL can't have. Write them as %20 and the like.",
        ),
        (
            "https://hooks.example.com/\r\nHost: other",
            "'url' has spaces or other letters that a URL can't have. Write them as %20 and the like.",
        ),
        (
            "https://me:secret@hooks.example.com/",
            "'url' has a name or password in front of its host. Leave it out: nothing is sent with it.",
        ),
        (
            "http://hooks.example.com/",
            "'url' begins with http://. Write https://, or name its host in JOBS_CHANNEL_HOSTS.",
        ),
    ],
)
def test_a_url_that_cannot_be_used_is_answered_with_a_sentence(url, sentence):
    with pytest.raises(BadUrl) as caught:
        url_of(url)
    assert str(caught.value) == sentence


def test_a_url_is_shown_without_its_path_and_query():
    assert url_of("https://hooks.example.com:8443/T0/B1?token=secret").shown() == "https://hooks.example.com:8443/…"
    assert url_of("https://hooks.example.com").shown() == "https://hooks.example.com"
