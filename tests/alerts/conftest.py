import socket

import pytest


@pytest.fixture
def resolves(monkeypatch):
    """Names lead to the addresses that a test says: one list of them for each time that they are asked for.

    A name server of our own would need rights that a test hasn't. Gives the names that were asked for.
    """
    asked, real = [], socket.getaddrinfo

    def set_up(**names):
        answers = {name.replace("_", "."): list(lists) for name, lists in names.items()}

        def getaddrinfo(host, port, *arguments, **options):
            if host not in answers:
                return real(host, port, *arguments, **options)
            asked.append(host)
            addresses = answers[host].pop(0) if len(answers[host]) > 1 else answers[host][0]
            return [found for address in addresses for found in real(address, port, *arguments, **options)]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return asked

    return set_up
