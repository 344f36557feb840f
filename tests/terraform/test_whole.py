"""The unchanged files in Terraform itself, from the first apply to a destroy that leaves nothing (see provider.py)."""

import json
import os
import re
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.project.test_settings import manage
from tests.terraform import configuration
from tests.terraform.configuration import MAIN, ROOT
from tests.terraform.provider import SUBSCRIPTION, WHOEVER_APPLIES, Cloud, Refused, serving
from tests.terraform.running import SOURCE, a_repository_in, terraform

pytestmark = [
    pytest.mark.skipif(not shutil.which("terraform"), reason="terraform isn't installed"),
    configuration.NEEDS_SCHEMA,
]

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
        "availability_test_locations": [],
        "monthly_budget": None,
        "tags": {"CostCenter": "1"},
    },
}
# What `az` would do in the cloud. It says what it was asked for, and what it got to build from; a test can have it find
# an image that is there already, or build none.
AZ = """#!/bin/sh
echo "$*" >> "$AZ_LOG"
if [ "$2" = repository ]; then
    [ -e "$AZ_LOG.found" ]
else
    for context; do :; done
    (cd "$context" && find . -mindepth 1 | sort) > "$AZ_LOG.context"
    [ ! -e "$AZ_LOG.broken" ]
fi
"""


@pytest.fixture
def workspace(tmp_path):
    """The repository's files as they are, a cloud with nothing in it, and Terraform between them."""
    repository, tools = a_repository_in(tmp_path), tmp_path / "tools"
    of_a_try = shutil.ignore_patterns(".terraform*", "*.tfstate*", "*.tfvars", "backend.tf")
    shutil.copytree(MAIN, repository / "terraform", ignore=of_a_try)
    tools.mkdir()
    (tools / "az").write_text(AZ)
    (tools / "az").chmod(0o755)
    cloud = Cloud()
    with serving(configuration.schema(), cloud, tmp_path / "socket") as variables:
        path, log = f"{tools}{os.pathsep}{os.environ['PATH']}", tmp_path / "az.log"

        def run(*arguments, folder="terraform", fails=False):
            told = terraform(*arguments, folder=repository / folder, PATH=path, AZ_LOG=str(log), **variables)
            assert (told.returncode != 0) == fails, told.stdout + told.stderr
            return told.stdout + told.stderr

        yield SimpleNamespace(cloud=cloud, folder=repository / "terraform", az=log, terraform=run)


def say(workspace, **variables):
    (workspace.folder / "terraform.tfvars.json").write_text(json.dumps({"role_wait_seconds": 0, **variables}))


def applied(workspace, **variables):
    say(workspace, **variables)
    workspace.terraform("init")
    workspace.terraform("apply", "-auto-approve")


def beside(file, ending):
    return file.with_name(f"{file.name}.{ending}")


def changes(workspace):
    """What a plan would do, by address; nothing where it has no changes."""
    workspace.terraform("plan", "-out=one.tfplan")
    plan = json.loads(workspace.terraform("show", "-json", "one.tfplan"))
    return {
        change["address"]: change["change"]["actions"]
        for change in plan["resource_changes"]
        if change["change"]["actions"] not in (["no-op"], ["read"])
    }


@pytest.mark.parametrize("folder", ["terraform", "terraform/bootstrap"])
def test_it_is_valid(workspace, folder):
    workspace.terraform("init", folder=folder)
    assert "The configuration is valid." in workspace.terraform("validate", "-no-color", folder=folder)


@pytest.mark.parametrize("name", ["plan", "apply"])
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
    workspace.terraform("apply", "-auto-approve")
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


def refused(workspace, **variables):
    """What a plan with these says instead of being made: in one line, without Terraform's frame."""
    say(workspace, **variables)
    return in_one_line(workspace.terraform("plan", "-no-color", fails=True))


def in_one_line(told):
    return " ".join(told.replace("│", " ").split())


MADE_AGAIN = ["delete", "create"]


def test_all_that_hangs_on_a_replaced_server_is_made_again_in_order_and_the_app_restarts(workspace):
    person = {"ada@example.com": {"object_id": "55555555-5555-5555-5555-555555555555"}}
    chosen = {"name": "nightshift", "image": {"tag": "first"}, "database_administrators": person}
    applied(workspace, **chosen)
    started_for = workspace.cloud.one("azurerm_linux_function_app")["app_settings"]["RESTART_ON_NEW_DATABASE"]

    say(workspace, **chosen, database_geo_backup=True)  # takes a new server, under the same name
    server, administrator = "azurerm_postgresql_flexible_server", "active_directory_administrator"
    found = changes(workspace)
    assert {address: actions for address, actions in found.items() if server in address} == {
        f"{server}.main": MADE_AGAIN,
        f"{server}_{administrator}.migration": MADE_AGAIN,
        f"{server}_database.main": MADE_AGAIN,
        f'{server}_{administrator}.person["ada@example.com"]': MADE_AGAIN,
    }
    assert found["azurerm_linux_function_app.main"] == ["update"]

    told = workspace.terraform("apply", "-auto-approve", "-no-color")
    made = re.findall(r"^(azurerm_postgresql\S+|azurerm_linux\S+): (?:Creation|Modifications) complete", told, re.M)
    app = "azurerm_linux_function_app.main"
    assert [address for address in made if address != app] == [
        f"{server}.main",
        f"{server}_{administrator}.migration",
        f"{server}_database.main",
        f'{server}_{administrator}.person["ada@example.com"]',
    ]
    assert made.index(app) > made.index(f"{server}_{administrator}.migration")
    assert workspace.cloud.one("azurerm_linux_function_app")["app_settings"]["RESTART_ON_NEW_DATABASE"] != started_for
    assert changes(workspace) == {}


def test_a_deployment_of_before_replaces_nothing_for_what_the_files_now_record(workspace):
    applied(workspace, name="nightshift", image={"tag": "first"})
    for address in ("plan_kind", "database_server", 'made_with["location"]', 'made_with["address_space"]'):
        workspace.terraform("state", "rm", f"terraform_data.{address}")
    assert {address: actions for address, actions in changes(workspace).items() if actions != ["create"]} == {
        "azurerm_linux_function_app.main": ["update"]
    }


def test_after_the_group_was_deleted_by_hand_an_apply_names_the_vault_to_purge_and_then_finishes(workspace):
    applied(workspace, name="nightshift", image={"tag": "first"})
    workspace.cloud.delete_all_by_hand()
    told = workspace.terraform("apply", "-auto-approve", "-no-color", fails=True)
    assert re.search(
        r"existing soft-deleted Key Vault exists with the Name\s+'nightshift-[0-9a-f]{6}'", in_one_line(told)
    )
    workspace.cloud.deleted_vaults.clear()  # `az keyvault purge`
    workspace.terraform("apply", "-auto-approve")
    assert changes(workspace) == {}


def test_deployers_without_whoever_applies_are_refused(workspace):
    workspace.terraform("init")
    told = refused(workspace, name="nightshift", deployers=["55555555-5555-5555-5555-555555555555"])
    assert f'Add "{WHOEVER_APPLIES}" to it.' in told
    say(workspace, name="nightshift", deployers=["55555555-5555-5555-5555-555555555555", WHOEVER_APPLIES.upper()])
    workspace.terraform("plan")


def test_what_azure_cannot_change_is_refused_before_anything_is_changed(workspace):
    chosen = {
        "name": "nightshift",
        "image": {"tag": "first"},
        "database_sku": "GP_Standard_D2ds_v5",
        "database_high_availability": "SameZone",
    }
    applied(workspace, **chosen)
    told = refused(workspace, **chosen | {"location": "westeurope"})
    assert "made in swedencentral, and can't be moved: set location back" in told
    told = refused(workspace, **chosen | {"address_space": "10.84.0.0/24"})
    assert "The network was made with 10.83.0.0/24." in told
    told = refused(workspace, **chosen | {"database_high_availability": "ZoneRedundant"})
    assert "The standby was made as SameZone" in told
    for kind in (None, "ZoneRedundant"):
        say(workspace, **chosen | {"database_high_availability": kind})
        workspace.terraform("apply", "-auto-approve")
        assert changes(workspace) == {}


def test_another_kind_of_plan_takes_a_new_plan_and_a_new_app(workspace):
    chosen = {"name": "nightshift", "image": {"tag": "first"}}
    applied(workspace, **chosen)
    say(workspace, **chosen, plan_sku="P0v3")
    assert {actions[0] for actions in changes(workspace).values()} == {"update"}
    say(workspace, **chosen, plan_sku="EP1")
    found = changes(workspace)
    assert found["azurerm_service_plan.main"] == found["azurerm_linux_function_app.main"] == MADE_AGAIN
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


def test_no_secret_is_in_the_state_and_each_is_made_anew_on_demand(workspace):
    applied(workspace, name="nightshift", image={"tag": "first"})
    before = dict(workspace.cloud.secrets)
    assert sorted(before) == ["admin-password", "secret-key"]
    assert len(before["secret-key"]) == 128
    state = (workspace.folder / "terraform.tfstate").read_text()
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
