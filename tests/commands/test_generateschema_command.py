from django.core.management import call_command, get_commands

from tests.helpers.beside import Project


def test_the_name_is_ours_and_not_rest_frameworks():
    assert get_commands()["generateschema"] == "jobs", "In INSTALLED_APPS, jobs has to stand before rest_framework."


def test_the_schema_has_neither_errors_nor_warnings(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "openapi.yml"))


def test_it_writes_what_the_api_serves(tmp_path, admin_client):
    call_command("generateschema", "--file", str(tmp_path / "openapi.yml"))
    assert (tmp_path / "openapi.yml").read_bytes() == admin_client.get("/api/v1/schema/").content


def test_a_project_without_settings_for_rest_framework_has_the_schema(tmp_path):
    settings = 'REST_FRAMEWORK = SPECTACULAR_SETTINGS = {}; ROOT_URLCONF = "jobs.urls"'
    done = Project(tmp_path, "postgresql://nobody@127.0.0.1:1/none", settings).manage("generateschema")
    assert done.returncode == 0, done.stderr
    assert "/api/v1/runs/{id}/" in done.stdout
