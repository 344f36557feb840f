import pytest

from tests.terraform.workspace import a_workspace_in


@pytest.fixture
def workspace(tmp_path):
    with a_workspace_in(tmp_path) as made:
        yield made
