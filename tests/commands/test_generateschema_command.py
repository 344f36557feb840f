from django.core.management import call_command, get_commands


def test_the_name_is_ours_and_not_rest_frameworks():
    assert get_commands()["generateschema"] == "jobs", "In INSTALLED_APPS, jobs has to stand before rest_framework."


def test_the_schema_has_neither_errors_nor_warnings(tmp_path):
    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(tmp_path / "openapi.yml"))


def test_it_writes_what_the_api_serves(tmp_path, admin_client):
    call_command("generateschema", "--file", str(tmp_path / "openapi.yml"))
    assert (tmp_path / "openapi.yml").read_bytes() == admin_client.get("/api/schema/").content
