"""The unchanged files in Terraform itself, from the first apply to a destroy that leaves nothing (see provider.py)."""

import re
from pathlib import Path

import pytest

from tests.project.test_settings import manage
from tests.terraform.configuration import ROOT
from tests.terraform.provider import SUBSCRIPTION, WHOEVER_APPLIES, Cloud, Refused
from tests.terraform.running import SOURCE
from tests.terraform.workspace import NEEDS_TERRAFORM, STATE, applied, beside, carry_out, changes, say

pytestmark = NEEDS_TERRAFORM

VARIANTS = {
    "as it comes": {},
    "scaling, with a standby": {
        "plan_sku": "P1v3",
        "instances": {"minimum": 1, "maximum": 3},
        "database_sku": "GP_Standard_D2ds_v5",
        "database_high_availability": "ZoneRedundant",
        "deployers": ["55555555-5555-5555-5555-555555555555", WHOEVER_APPLIES],
        "alert_emails": ["ops@example.com"],
        "job_schedules": {"import_rates": "0 30 5 * * *"},
        "jobs_disabled": ["prune_runs"],
    },
    "elastic, public, with a domain": {
        "plan_sku": "EP1",
        "database_public_access_from": ["203.0.113.7", "203.0.113.8"],
        "database_administrators": {"ada@example.com": {"object_id": "55555555-5555-5555-5555-555555555555"}},
        "custom_domain": "jobs.example.com",
        "sign_in": {
            "tenant_id": "66666666-6666-6666-6666-666666666666",
            "client_id": "77777777-7777-7777-7777-777777777777",
        },
        "availability_test_locations": [],
        "monthly_budget": None,
        "tags": {"CostCenter": "1"},
    },
}


@pytest.mark.parametrize("folder", ["terraform", "terraform/bootstrap"])
def test_it_is_valid(workspace, folder):
    workspace.terraform("init", folder=folder)
    assert "The configuration is valid." in workspace.terraform("validate", "-no-color", folder=folder)


@pytest.mark.parametrize("name", ["plan", "apply", "existing"])
def test_the_native_tests_pass(workspace, name):
    workspace.terraform("init")
    file = f"tests/{name}.tftest.hcl"
    told = workspace.terraform("test", "-no-color", f"-filter={file}")
    assert f"{(workspace.folder / file).read_text().count('run "')} passed, 0 failed" in told


@pytest.mark.parametrize("variant", VARIANTS)
def test_from_the_first_apply_to_the_destroy(workspace, variant):
    chosen = {"name": "nightshift", **VARIANTS[variant]}
    applied(workspace, **chosen, image={"tag": "first"})
    assert changes(workspace) == {}

    say(workspace, **chosen, image={"tag": "second"})
    assert changes(workspace) == {"azurerm_linux_function_app.main": ["update"]}
    carry_out(workspace)
    assert workspace.cloud.one("azurerm_linux_function_app")["app_settings"]["JOBS_RELEASE"] == "second"
    assert changes(workspace) == {}

    workspace.cloud.one("azurerm_key_vault")["sku_name"] = "premium"
    assert changes(workspace) == {"azurerm_key_vault.main": ["update"]}

    workspace.terraform("destroy", "-auto-approve")
    assert workspace.cloud.resources == {}


def test_after_each_change_of_choices_a_plan_finds_nothing_left(workspace):
    # What takes a new resource in azurerm, the stand-in doesn't know. The database's way into the network does, and all
    # that hangs on the server with it.
    elastic = VARIANTS["elastic, public, with a domain"] | {"database_public_access_from": []}
    workspace.terraform("init")
    for chosen in ({}, VARIANTS["scaling, with a standby"], elastic, {}):
        say(workspace, name="nightshift", image={"tag": "first"}, **chosen)
        workspace.terraform("apply", "-auto-approve")
        assert changes(workspace) == {}


def settings_in_the_container(workspace):
    """What App Service makes of them: references to the vault are read."""
    settings = workspace.cloud.one("azurerm_linux_function_app")["app_settings"]
    secret = re.compile(r"@Microsoft\.KeyVault\(SecretUri=https://vault\.example/secrets/([a-z-]+)\)")
    return {
        name: secret.sub(lambda found: workspace.cloud.secrets[found[1]], value) for name, value in settings.items()
    }


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_app_starts_with_the_settings_it_gets(workspace, variant):
    applied(workspace, name="nightshift", image={"tag": "first"}, **VARIANTS[variant])
    settings = settings_in_the_container(workspace)
    host = workspace.cloud.one("azurerm_linux_function_app")["default_hostname"]
    checked = manage("check", "--build", **settings, WEBSITE_HOSTNAME=host)
    assert checked.returncode == 0, checked.stderr
    assert (settings["JOBS_MIGRATE_AT_START"], settings["DATABASE_ENTRA"]) == ("1", "1")
    # What the start takes, and nothing that none of our code reads.
    assert set(re.findall(r"\$\{([A-Z_]+):", (ROOT / "container/start.sh").read_text())) <= set(settings)
    code = "".join(
        file.read_text()
        for folder in ("jobs", "mydjango", "container")
        for file in sorted((ROOT / folder).rglob("*"))
        if file.suffix in {".py", ".sh"}
    )
    ours = {name for name in settings if re.match(r"(JOBS|DATABASE)_(?!SCHEDULE__)", name)}
    assert {name for name in ours if name not in code} == set()


def test_an_image_is_built_once_for_its_source(workspace):
    team = workspace.folder.parent / "team"
    team.mkdir()
    (team / "schedule.py").write_text("Something to run.")
    applied(workspace, name="nightshift")
    tag = workspace.cloud.one("azurerm_linux_function_app")["app_settings"]["JOBS_RELEASE"]
    asked, built = workspace.az.read_text().splitlines()
    assert re.match(rf"acr repository show .*--image nightshift:{tag} ", asked)
    assert re.match(rf"acr build .*--image nightshift:{tag} --build-arg RELEASE={tag} ", built)
    assert not Path(built.split()[-1]).exists()  # the copy that it was built from
    # docs/ is in the repository, and .dockerignore keeps it out.
    sent = beside(workspace.az, "context").read_text().split()
    assert set(sent) == {f"./{name}" for name in {*SOURCE, "team", "team/schedule.py"} - {"docs"}}
    assert changes(workspace) == {}

    (team / "schedule.py").write_text("More to run.")
    assert changes(workspace) == {
        "azurerm_linux_function_app.main": ["update"],
        "terraform_data.image[0]": ["delete", "create"],
    }


def test_an_image_that_is_there_is_not_built_again(workspace):
    beside(workspace.az, "found").touch()
    applied(workspace, name="nightshift")
    assert [line.split()[1] for line in workspace.az.read_text().splitlines()] == ["repository"]


def test_no_app_comes_before_its_image_and_the_next_apply_goes_on(workspace):
    say(workspace, name="nightshift")
    workspace.terraform("init")
    broken = beside(workspace.az, "broken")
    broken.touch()
    assert "local-exec provisioner error" in workspace.terraform("apply", "-auto-approve", fails=True)
    assert not [id for id in workspace.cloud.resources if "azurerm_linux_function_app" in id]
    broken.unlink()
    workspace.terraform("apply", "-auto-approve")
    assert changes(workspace) == {}


def test_no_secret_is_in_the_state_and_each_is_replaced_on_demand(workspace):
    applied(workspace, name="nightshift", image={"tag": "first"})
    before = dict(workspace.cloud.secrets)
    assert sorted(before) == ["admin-password", "secret-key"]
    assert len(before["secret-key"]) == 128
    state = (workspace.folder / STATE).read_text()
    assert not [secret for secret in before.values() if secret in state]

    say(workspace, name="nightshift", image={"tag": "first"}, secret_version=2)
    assert changes(workspace) == {
        "azurerm_key_vault_secret.admin_password": ["update"],
        "azurerm_key_vault_secret.secret_key": ["update"],
        "azurerm_linux_function_app.main": ["update"],
    }
    workspace.terraform("apply", "-auto-approve")
    assert not set(before.values()) & set(workspace.cloud.secrets.values())


def test_a_guarded_database_is_not_destroyed(workspace):
    applied(workspace, name="nightshift", image={"tag": "first"}, deletion_protection=True)
    assert "Instance cannot be destroyed" in workspace.terraform("destroy", "-auto-approve", fails=True)
    assert workspace.cloud.one("azurerm_postgresql_flexible_server")["version"] == "18"


def subjects(workspace):
    return {values["subject"] for values in workspace.cloud.resources.values() if "subject" in values}


def test_the_state_s_account_and_the_pipeline_s_identity_come_and_go(workspace):
    folder = "terraform/bootstrap"
    arguments = ["-var=name=nightshift", "-var=github_repository=example/nightshift"]
    workspace.terraform("init", folder=folder)
    workspace.terraform("apply", "-auto-approve", *arguments, folder=folder)
    assert subjects(workspace) == {
        "repo:example/nightshift:environment:plan",
        "repo:example/nightshift:environment:production",
    }
    arguments.append("-var=github_subject=repo:example@1234/nightshift@5678")  # of a repository made since mid-2026
    workspace.terraform("apply", "-auto-approve", *arguments, folder=folder)
    assert subjects(workspace) == {
        "repo:example@1234/nightshift@5678:environment:plan",
        "repo:example@1234/nightshift@5678:environment:production",
    }
    assert "No changes." in workspace.terraform("plan", *arguments, folder=folder)
    workspace.terraform("destroy", "-auto-approve", *arguments, folder=folder)
    assert workspace.cloud.resources == {}


def test_a_wrong_configuration_would_be_found(workspace):
    workspace.terraform("init")
    (workspace.folder / "wrong.tf").write_text('resource "azurerm_resource_group" "wrong" {\n  name = ["one"]\n}\n')
    told = workspace.terraform("validate", "-no-color", fails=True)
    assert 'The argument "location" is required' in told
    assert 'Inappropriate value for attribute "name": string required' in told


@pytest.mark.parametrize(
    "by",
    [
        {"block": [{"group_id": f"/subscriptions/{SUBSCRIPTION}/azurerm_resource_group/main/1"}]},
        {"resource_group_name": "main"},
    ],
    ids=["by id", "by name"],
)
def test_the_cloud_refuses_what_azure_would(by):
    cloud = Cloud()
    named = {"id": f"/subscriptions/{SUBSCRIPTION}/azurerm_resource_group/main/1", "name": "main"}
    naming = {"id": f"/subscriptions/{SUBSCRIPTION}/azurerm_service_plan/main/2", "name": "main", **by}
    with pytest.raises(Refused, match="which isn't there"):
        cloud.put(naming)
    cloud.put(named)
    cloud.put(naming)
    with pytest.raises(Refused, match="is still named by"):
        cloud.delete(named["id"])
    cloud.delete(naming["id"])
    cloud.delete(named["id"])
