"""What exists already is used, and is there unchanged after a destroy."""

import re
from copy import deepcopy

import pytest

from tests.terraform.provider import SUBSCRIPTION
from tests.terraform.workspace import NEEDS_TERRAFORM, applied, beside, changes, in_one_line, refused, say

pytestmark = NEEDS_TERRAFORM

GROUP = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/team"
NETWORK = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/hub"
ZONE = f"{GROUP}/providers/Microsoft.Network/privateDnsZones/team.private.postgres.database.azure.com"
SERVER = f"{GROUP}/providers/Microsoft.DBforPostgreSQL/flexibleServers/shop"
REGISTRY = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/teamimages"
WORKSPACE = f"{GROUP}/providers/Microsoft.OperationalInsights/workspaces/team"
DELEGATED = {"jobs": "Microsoft.Web/serverFarms", "data": "Microsoft.DBforPostgreSQL/flexibleServers"}
CHOSEN = {"name": "nightshift", "image": {"tag": "first"}}
EVERYTHING = {
    "existing_resource_group": "team",
    "existing_network": {"id": NETWORK, "app_subnet": "jobs", "route_all": True},
    "existing_database": {"id": f"{SERVER}/databases/shop"},
    "existing_registry_id": REGISTRY,
    "existing_log_analytics_workspace_id": WORKSPACE,
}
GIVEN_KINDS = {
    *("azurerm_resource_group", "azurerm_virtual_network", "azurerm_subnet", "azurerm_container_registry"),
    *("azurerm_private_dns_zone", "azurerm_log_analytics_workspace", "azurerm_postgresql_flexible_server"),
    *("azurerm_postgresql_flexible_server_database", "azurerm_private_dns_zone_virtual_network_link"),
    "azurerm_postgresql_flexible_server_active_directory_administrator",
}


@pytest.fixture
def given(workspace):
    """A team's cloud before anything of ours is in it."""
    place = {"location": "westeurope", "tags": {"team": "shop"}}
    cloud = workspace.cloud
    cloud.give("azurerm_resource_group", GROUP, **place)
    cloud.give("azurerm_virtual_network", NETWORK, **place, resource_group_name="team", address_space=["10.1.0.0/16"])
    for subnet, service in DELEGATED.items():
        cloud.give("azurerm_subnet", f"{NETWORK}/subnets/{subnet}")
        beside(workspace.az, f"delegation-of-{subnet}").write_text(f"{service}\n")
    cloud.give("azurerm_private_dns_zone", ZONE)
    cloud.give(
        "azurerm_postgresql_flexible_server", SERVER, **place, sku_name="GP_Standard_D2ds_v5", fqdn="shop.example"
    )
    cloud.give("azurerm_container_registry", REGISTRY, **place, login_server="teamimages.azurecr.io")
    cloud.give("azurerm_log_analytics_workspace", WORKSPACE, **place)
    return deepcopy(cloud.resources)


def kinds_created(workspace, given):
    return {id.split("/")[3] for id in workspace.cloud.resources.keys() - given.keys()}


def test_with_everything_given_none_of_it_is_created_changed_or_destroyed(workspace, given):
    applied(workspace, **CHOSEN, **EVERYTHING)
    assert changes(workspace) == {}
    assert kinds_created(workspace, given) & GIVEN_KINDS == set()
    assert {id: workspace.cloud.resources[id] for id in given} == given

    app = workspace.cloud.one("azurerm_linux_function_app")
    assert (app["location"], app["resource_group_name"]) == ("westeurope", "team")
    assert app["virtual_network_subnet_id"] == f"{NETWORK}/subnets/jobs"
    assert app["site_config"][0]["vnet_route_all_enabled"]
    assert app["site_config"][0]["application_stack"][0]["docker"][0]["registry_url"] == "https://teamimages.azurecr.io"
    database = "-app@shop.example:5432/shop?sslmode=require"
    assert app["app_settings"]["DATABASE_URL"].endswith(database)
    assert "RESTART_ON_NEW_DATABASE" not in app["app_settings"]
    grants = workspace.terraform("output", "-no-color", "database_grants")
    assert re.search(r"grant_identity nightshift-\w+-migration --object-id \S+ --may-migrate", grants)
    assert re.search(r"grant_identity nightshift-\w+-app --object-id \S+\"", grants)

    workspace.terraform("destroy", "-auto-approve")
    assert workspace.cloud.resources == given


def test_a_server_and_subnets_of_ours_come_and_go_in_a_network_that_stays(workspace, given):
    chosen = {
        "location": "westeurope",
        "address_space": "10.1.8.0/24",
        "existing_network": {"id": NETWORK, "database_subnet": "data", "private_dns_zone_id": ZONE},
    }
    applied(workspace, **CHOSEN, **chosen)
    assert changes(workspace) == {}
    subnet = workspace.cloud.one("azurerm_subnet")
    assert (subnet["name"], subnet["resource_group_name"], subnet["virtual_network_name"]) == (
        *("nightshift-app", "team"),
        "hub",
    )
    server = workspace.cloud.one("azurerm_postgresql_flexible_server")
    assert (server["delegated_subnet_id"], server["private_dns_zone_id"]) == (f"{NETWORK}/subnets/data", ZONE)
    workspace.terraform("destroy", "-auto-approve")
    assert workspace.cloud.resources == given


def test_a_database_by_host_and_role_that_others_migrate(workspace):
    database = {
        "host": "db.example.com",
        "port": 6432,
        "name": "shop",
        "role": "shop_jobs",
        "migrate": False,
        "schema": "jobs",
    }
    applied(workspace, **CHOSEN, existing_database=database)
    assert changes(workspace) == {}
    settings = workspace.cloud.one("azurerm_linux_function_app")["app_settings"]
    assert settings["DATABASE_URL"] == "postgresql://shop_jobs@db.example.com:6432/shop?sslmode=require"
    assert not [name for name in settings if name.startswith(("JOBS_MIGRATE", "JOBS_GRANT"))]
    assert settings["JOBS_SCHEMA"] == "jobs"
    assert "JOBS_SCHEMA=jobs manage.py grant_identity shop_jobs" in workspace.terraform(
        "output", "-no-color", "database_grants"
    )
    assert not [id for id in workspace.cloud.resources if "postgresql" in id or "private_dns" in id]
    workspace.terraform("destroy", "-auto-approve")
    assert workspace.cloud.resources == {}


def test_a_subnet_delegated_to_something_else_stops_the_apply_before_the_plan_is_created(workspace, given):
    beside(workspace.az, "delegation-of-jobs").write_text("Microsoft.ContainerInstance/containerGroups\n")
    say(workspace, **CHOSEN, **EVERYTHING)
    workspace.terraform("init")
    told = in_one_line(workspace.terraform("apply", "-auto-approve", "-no-color", fails=True))
    assert "is delegated to Microsoft.ContainerInstance/containerGroups and must be delegated to" in told
    assert "azurerm_service_plan" not in kinds_created(workspace, given)
    beside(workspace.az, "delegation-of-jobs").write_text(DELEGATED["jobs"])
    workspace.terraform("apply", "-auto-approve")
    assert changes(workspace) == {}


@pytest.mark.parametrize("id", [GROUP, NETWORK, REGISTRY, WORKSPACE, SERVER], ids=lambda id: id.split("/")[-2])
def test_what_this_deployment_created_is_not_taken_for_given(workspace, given, id):
    workspace.cloud.resources[id]["tags"] = {"application": "nightshift", "deployment": "nightshift"}
    workspace.terraform("init")
    told = refused(workspace, **CHOSEN, **EVERYTHING)
    assert "was created by this deployment, and would be destroyed as such. Run `terraform state rm 'azurerm_" in told


def test_what_cannot_be_used_is_refused_at_plan(workspace, given):
    workspace.terraform("init")
    told = refused(workspace, **CHOSEN, existing_network={"id": NETWORK, "app_subnet": "jobs"}, location="northeurope")
    assert 'set location = "westeurope"' in told
    told = refused(workspace, **CHOSEN, existing_network={"id": NETWORK}, location="westeurope")
    assert "Subnets would be created in 10.83.0.0/24, and the network hub has 10.1.0.0/16." in told
    elsewhere = REGISTRY.replace(SUBSCRIPTION, "99999999-9999-9999-9999-999999999999")
    told = refused(workspace, **CHOSEN, existing_registry_id=elsewhere)
    assert "is in another subscription" in told
    told = refused(workspace, **CHOSEN, existing_resource_group="nobody-s")
    assert "was not found" in told
