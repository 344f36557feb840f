import pytest

from tests.localhost.hosts import ProjectHost


@pytest.fixture
def get(admin_client):
    """What the API answers to a member of staff, as JSON; its status is checked."""

    def get_json(path, status=200):
        answer = admin_client.get(path)
        assert answer.status_code == status, answer.content
        return answer.json()

    return get_json


@pytest.fixture
def host(database_url, transactional_db, tmp_path):
    host = ProjectHost(database_url, tmp_path)
    yield host
    host.kill()
