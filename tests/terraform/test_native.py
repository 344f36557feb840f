"""Terraform itself, as far as it gets without the provider: format, variables, and all that follows from them."""

import json
import re
import shutil
import zoneinfo

import pytest

from tests.terraform import configuration
from tests.terraform.configuration import MAIN, ROOT
from tests.terraform.running import a_repository_in, terraform

pytestmark = [
    pytest.mark.skipif(not shutil.which("terraform"), reason="terraform isn't installed"),
    pytest.mark.timeout(600),
]

LOCALS = re.compile(r"^locals \{\n.*?^\}\n", re.MULTILINE | re.DOTALL)
AZURE = re.compile(r"(data\.)?(azurerm_[a-z0-9_]+|terraform_data)\.[a-z_]+(\[0\])?(\.[a-z_]+)*")
MOCKS = re.compile(r"^mock_provider .*?^\}\n", re.MULTILINE | re.DOTALL)


def test_every_file_has_terraforms_format():
    told = terraform("fmt", "-check", "-recursive", "-list=true", folder=MAIN)
    assert (told.returncode, told.stdout) == (0, "")


@pytest.fixture
def without_azure(tmp_path):
    """The module without its resources: what a resource knows, the local values read as "stub"."""
    folder = a_repository_in(tmp_path) / "terraform"
    (folder / "tests").mkdir(parents=True)
    shutil.copy(MAIN / "variables.tf", folder)
    found = "".join(match[0] for file in sorted(MAIN.glob("*.tf")) for match in LOCALS.finditer(file.read_text()))
    (folder / "locals.tf").write_text(AZURE.sub('"stub"', found))
    return folder


@pytest.mark.parametrize("name", ["validations", "locals"])
def test_what_needs_no_provider_passes(without_azure, name):
    text = (MAIN / f"tests/{name}.tftest.hcl").read_text()
    if name == "validations":
        (without_azure / "locals.tf").unlink()  # variables alone: no plan hashes the source
    (without_azure / f"tests/{name}.tftest.hcl").write_text(MOCKS.sub("", text))
    assert terraform("init", folder=without_azure).returncode == 0
    told = terraform("test", "-no-color", folder=without_azure)
    assert told.returncode == 0, told.stdout + told.stderr
    assert f"{text.count('run "')} passed, 0 failed" in told.stdout


def test_a_schedule_that_the_host_reads_is_refused_by_no_validation(without_azure):
    conformance = json.loads((ROOT / "tests/conformance/ncrontab.json").read_text())
    read = sorted({case["expression"] for case in conformance["next"]})
    schedules = {f"job_{number}": expression for number, expression in enumerate(read)}
    (without_azure / "locals.tf").unlink()
    (without_azure / "terraform.tfvars.json").write_text(json.dumps({"name": "nightshift", "job_schedules": schedules}))
    assert terraform("init", folder=without_azure).returncode == 0
    told = terraform("plan", "-no-color", folder=without_azure)
    assert told.returncode == 0, told.stdout + told.stderr


def test_a_time_zone_with_an_area_is_refused_by_no_validation():
    [validation] = configuration.named("variable")["time_zone"]["validation"]
    pattern = re.search(r'regex\("(.+?)", var', validation["condition"])[1]
    zones = {zone for zone in zoneinfo.available_timezones() if "/" in zone}
    assert {zone for zone in zones | {"UTC"} if not re.fullmatch(pattern, zone)} == set()
    assert not re.fullmatch(pattern, "europe/berlin")


def test_the_guard_fails_a_plan_that_would_replace_or_destroy_what_it_guards(tmp_path):
    database = (MAIN / "database.tf").read_text()
    guard = re.search(r'^resource "terraform_data" "database_guard" \{.*?^\}\n', database, re.MULTILINE | re.DOTALL)
    (tmp_path / "main.tf").write_text(
        'variable "deletion_protection" {\n  default = true\n}\nvariable "version_of_it" {\n  default = 1\n}\n'
        'resource "terraform_data" "server" {\n  triggers_replace = [var.version_of_it]\n}\n'
        + guard[0]
        .replace("azurerm_postgresql_flexible_server.main[0]", "terraform_data.server")
        .replace("local.database_is_ours", "true")
    )
    assert terraform("init", folder=tmp_path).returncode == 0
    assert terraform("apply", "-auto-approve", folder=tmp_path).returncode == 0
    for arguments in (["plan", "-var=version_of_it=2"], ["destroy", "-auto-approve"]):
        assert "Instance cannot be destroyed" in terraform(*arguments, "-no-color", folder=tmp_path).stderr
    assert terraform("state", "rm", "terraform_data.database_guard[0]", folder=tmp_path).returncode == 0
    unguarded = terraform("destroy", "-auto-approve", "-var=deletion_protection=false", folder=tmp_path)
    assert unguarded.returncode == 0


def test_the_hash_follows_the_source_and_nothing_else(without_azure):
    assert terraform("init", folder=without_azure).returncode == 0

    def tag():
        told = terraform("console", "-var=name=nightshift", folder=without_azure, input="local.image_tag")
        return told.stdout.strip()

    repository = without_azure.parent
    before = tag()
    assert re.fullmatch(r'"[0-9a-f]{12}"', before)
    (repository / "NOTES.md").write_text("Not in the image.")
    (repository / "tests").mkdir()
    (repository / "tests/test_one.py").write_text("Nor this.")
    assert tag() == before
    (repository / "team").mkdir()
    (repository / "team/schedule.py").write_text("In it.")
    assert tag() != before
