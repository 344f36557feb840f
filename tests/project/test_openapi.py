from pathlib import Path

import pytest
from django.core.management import call_command

OPENAPI = Path(__file__).parents[2] / "openapi.yml"


def test_the_schema_in_the_repository_is_in_step(tmp_path):
    call_command("generateschema", "--file", str(tmp_path / "openapi.yml"))
    if (tmp_path / "openapi.yml").read_text() != OPENAPI.read_text():
        pytest.fail("openapi.yml is out of step. `manage.py generateschema --file openapi.yml` writes it again.")
