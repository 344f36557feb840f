from typing import Any

import pytest

from tests.localhost.hosts import LocalHost, write_app


@pytest.fixture
def serve(tmp_path):
    """Start a host for the source of an app: serve(source, NAME="value" for its environment)."""
    hosts: list[LocalHost] = []

    def start(source: str, *arguments: str, **environment: Any) -> LocalHost:
        hosts.append(LocalHost(write_app(tmp_path, source), *arguments, **environment))
        return hosts[-1]

    yield start
    for host in hosts:
        if host.process.poll() is None:
            host.process.kill()
            host.wait_for_end()
