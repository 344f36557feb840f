"""A change of a deployment that runs: what has to be made again is, and what Azure would refuse is refused before."""

import re

from tests.terraform.provider import WHOEVER_APPLIES
from tests.terraform.workspace import (
    MADE_AGAIN,
    NEEDS_TERRAFORM,
    applied,
    carry_out,
    changes,
    in_one_line,
    refused,
    say,
)

pytestmark = NEEDS_TERRAFORM


def test_all_that_hangs_on_a_replaced_server_is_made_again_in_order_and_the_app_restarts(workspace):
    person = {"ada@example.com": {"object_id": "55555555-5555-5555-5555-555555555555"}}
    chosen = {"name": "nightshift", "image": {"tag": "first"}, "database_administrators": person}
    applied(workspace, **chosen)
    started_for = workspace.cloud.one("azurerm_linux_function_app")["app_settings"]["RESTART_ON_NEW_DATABASE"]

    say(workspace, **chosen, database_geo_backup=True)  # takes a new server, under the same name
    server, administrator = "azurerm_postgresql_flexible_server", "active_directory_administrator"
    found = changes(workspace)
    assert {address: actions for address, actions in found.items() if server in address} == {
        f"{server}.main[0]": MADE_AGAIN,
        f"{server}_{administrator}.migration[0]": MADE_AGAIN,
        f"{server}_configuration.extensions[0]": MADE_AGAIN,
        f"{server}_database.main[0]": MADE_AGAIN,
        f'{server}_{administrator}.person["ada@example.com"]': MADE_AGAIN,
    }
    assert found["azurerm_linux_function_app.main"] == ["update"]

    told = carry_out(workspace, "-no-color")
    made = re.findall(r"^(azurerm_postgresql\S+|azurerm_linux\S+): (?:Creation|Modifications) complete", told, re.M)
    app = "azurerm_linux_function_app.main"
    assert [address for address in made if address != app] == [
        f"{server}.main[0]",
        f"{server}_{administrator}.migration[0]",
        f"{server}_configuration.extensions[0]",
        f"{server}_database.main[0]",
        f'{server}_{administrator}.person["ada@example.com"]',
    ]
    assert made.index(app) > made.index(f"{server}_{administrator}.migration[0]")
    assert workspace.cloud.one("azurerm_linux_function_app")["app_settings"]["RESTART_ON_NEW_DATABASE"] != started_for
    assert changes(workspace) == {}


def test_a_deployment_of_before_replaces_nothing_for_what_the_files_now_record_and_may_leave_out(workspace):
    applied(workspace, name="nightshift", image={"tag": "first"})
    for address in ("plan_kind", "database_server", 'made_with["location"]', 'made_with["address_space"]'):
        workspace.terraform("state", "rm", f"terraform_data.{address}")
    for address in ("azurerm_resource_group.main", "azurerm_postgresql_flexible_server.main", "azurerm_subnet.app"):
        workspace.terraform("state", "mv", f"{address}[0]", address)
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
    carry_out(workspace)
    assert changes(workspace) == {}
