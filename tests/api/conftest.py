import pytest


@pytest.fixture
def get(admin_client):
    """What the API answers to a member of staff, as JSON; its status is checked."""

    def get_json(path, status=200):
        answer = admin_client.get(path)
        assert answer.status_code == status, answer.content
        return answer.json()

    return get_json
