"""What looks right and isn't: learnt from the provider's source, or from an apply that was green over a dead host."""

import re

import pytest

from jobs.choices import Reason, Status
from tests.terraform import configuration
from tests.terraform.configuration import ROOT, local_values, resource


@pytest.fixture(scope="module")
def app():
    return resource("azurerm_linux_function_app.main")


@pytest.fixture(scope="module")
def site(app):
    return app["site_config"][0]


@pytest.fixture(scope="module")
def settings():
    """Every setting of the app, whatever part it comes from."""
    values = local_values()
    return {
        name: value
        for part in ("host", "app", "start", "migration")
        for name, value in values[f"settings_of_the_{part}"].items()
        if name != "__is_block__"
    }


def waits(body):
    return {address.strip("${}") for address in body.get("depends_on", [])}


def test_no_apply_waits_for_what_azure_makes_by_itself():
    # azurerm asks for the rule on failure anomalies until it is there, for up to an hour, and fails.
    assert not re.search(r"^\s*disable_generated_rule", configuration.text(), re.M)


def test_the_images_home_is_not_masked(settings):
    assert settings["WEBSITES_ENABLE_APP_SERVICE_STORAGE"] == "false"


def test_the_host_reaches_its_storage_by_its_identity(app, settings):
    assert app["storage_uses_managed_identity"] is True
    assert settings["AzureWebJobsStorage__credential"] == "managedidentity"
    assert settings["AzureWebJobsStorage__clientId"] == "${azurerm_user_assigned_identity.app.client_id}"
    # azurerm writes this one: twice, it differs for ever.
    assert "AzureWebJobsStorage__accountName" not in settings
    roles = {entry["role"] for entry in local_values()["app_roles"].values()}
    assert {"Storage Blob Data Owner", "Storage Queue Data Contributor"} <= roles


def test_no_key_opens_the_storage_but_for_elastic_premiums_share(app):
    assert resource("azurerm_storage_account.main")["shared_access_key_enabled"] == "${local.plan_is_elastic}"
    assert "storage_account_access_key" not in app
    assert "content_share_force_disabled" not in app  # differs for ever
    elastic = str(local_values()["settings_of_elastic_premium"])
    assert "local.plan_is_elastic ?" in elastic
    assert {"WEBSITE_CONTENTAZUREFILECONNECTIONSTRING", "WEBSITE_CONTENTSHARE"} <= set(re.findall(r"\w+", elastic))


def test_the_image_is_said_once(site):
    assert set(site["application_stack"][0]["docker"][0]) - {"__is_block__"} == {
        *("registry_url", "image_name", "image_tag"),
    }
    assert re.findall(r"\bDOCKER_\w+\s*=", configuration.text()) == []


def test_the_registry_is_read_by_the_apps_own_identity(app, site):
    assert site["container_registry_use_managed_identity"] == "${local.image_by_role}"
    assert "azurerm_user_assigned_identity.app.client_id" in site["container_registry_managed_identity_client_id"]
    # The role first, and known.
    assert "${terraform_data.roles_known}" in app["depends_on"]
    assert "azurerm_role_assignment.app" in str(resource("terraform_data.roles_known")["triggers_replace"])


def test_a_tag_says_what_is_in_the_image():
    assert "substr(local.source_hash, 0, 12)" in local_values()["image_tag"]
    assert "latest" not in re.sub(r'^variable "image".*?^\}', "", configuration.text(), flags=re.M | re.S)
    # No setting keeps the app from a change of its image.
    ignored = resource("azurerm_linux_function_app.main")["lifecycle"][0]["ignore_changes"]
    assert [path for path in ignored if "hidden-link: /app-insights" not in path] == []


def test_the_timers_of_a_dedicated_plan_never_sleep(site):
    assert site["always_on"] == "${!local.plan_is_elastic}"  # null would keep what it was, and EP refuses true


def test_no_two_apps_share_a_host_id():
    longest = 16 + 1 + 6
    assert longest <= 32
    assert resource("azurerm_linux_function_app.main")["name"] == "${local.unique_name}"
    assert "slot" not in str([block.type for block in configuration.blocks()])


def test_references_to_the_vault_are_read_by_the_identity(app):
    assert app["key_vault_reference_identity_id"] == "${azurerm_user_assigned_identity.app.id}"


def test_logs_and_telemetry_go_by_identity(app, site, settings):
    assert app["builtin_logging_enabled"] is False
    assert settings["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"].startswith("Authorization=AAD;ClientId=${")
    # azurerm reads the connection string back into site_config: among the settings it would differ for ever.
    assert "application_insights_connection_string" in site
    assert "APPLICATIONINSIGHTS_CONNECTION_STRING" not in settings
    assert resource("azurerm_application_insights.main")["local_authentication_enabled"] is False


def test_both_subnets_are_delegated_and_the_server_waits_for_its_name():
    app = resource("azurerm_subnet.app")["delegation"][0]["service_delegation"][0]
    database = resource("azurerm_subnet.database")["delegation"][0]["service_delegation"][0]
    assert app["name"] == "Microsoft.Web/serverFarms"
    assert database["name"] == "Microsoft.DBforPostgreSQL/flexibleServers"
    assert local_values()["subnets"] == "${cidrsubnets(var.address_space, 2, 2, 2)}"  # of a /24: a /26 each
    link = "azurerm_private_dns_zone_virtual_network_link.database"
    assert waits(resource("azurerm_postgresql_flexible_server.main")) == {link, "terraform_data.delegation"}
    assert waits(resource(link)) == {"azurerm_subnet.database"}  # which is in use while the link is there


def test_the_app_reaches_its_database(app):
    assert app["virtual_network_subnet_id"] == "${local.app_subnet_id}"
    [group] = resource("azurerm_private_endpoint.database")["private_dns_zone_group"]
    assert group["private_dns_zone_ids"] == ["${local.zone_id}"]


def test_the_app_comes_after_what_its_first_start_needs(app):
    assert waits(app) == {
        *("terraform_data.roles_known", "terraform_data.image"),
        *("azurerm_storage_queue.runs", "azurerm_storage_queue.poison"),
        "azurerm_postgresql_flexible_server_active_directory_administrator.migration",
        "azurerm_private_endpoint.database",
    }


def test_the_plan_goes_before_the_subnet_that_it_holds():
    assert waits(resource("azurerm_service_plan.main")) == {"azurerm_subnet.app", "terraform_data.delegation"}


def test_the_database_has_an_owner_from_its_creation_to_its_end():
    # Made before any administrator it is Azure's own; and an administrator who owns tables can't be taken away.
    server, administrator = "azurerm_postgresql_flexible_server", "active_directory_administrator"
    first = {f"{server}_{administrator}.migration", f"{server}_configuration.extensions"}
    assert waits(resource(f"{server}_database.main")) == first
    assert waits(resource(f"{server}_{administrator}.migration")) == set()


def test_the_server_is_changed_by_one_at_a_time():
    server = "azurerm_postgresql_flexible_server"
    for later in (f"{server}_active_directory_administrator.person", f"{server}_firewall_rule.public"):
        assert waits(resource(later)) == {f"{server}_database.main"}
    assert waits(resource(f"{server}_configuration.extensions")) == {
        f"{server}_active_directory_administrator.migration"
    }
    assert {
        *(f"{server}_database.main", f"{server}_firewall_rule.public"),
        f"{server}_active_directory_administrator.person",
    } <= waits(resource("azurerm_private_endpoint.database"))


def test_ids_are_written_as_azure_gives_them_back():
    # In capitals a role would be replaced at each apply: azurerm compares letter by letter.
    assert "[for id in var.deployers : lower(id)]" in local_values()["deployers"]
    person = resource("azurerm_postgresql_flexible_server_active_directory_administrator.person")
    assert person["object_id"] == "${lower(each.value.object_id)}"
    for folder in (configuration.MAIN, configuration.BOOTSTRAP):
        [provider] = [entry["azurerm"] for file in configuration.parse(folder) for entry in file.get("provider", [])]
        assert "lower(var.subscription_id)" in provider["subscription_id"]


def test_metric_alerts_have_tags_as_azure_gives_them_back():
    alerts = [block.body for block in configuration.blocks() if block.type == "azurerm_monitor_metric_alert"]
    assert {alert["tags"] for alert in alerts} == {"${local.tags_in_lower_case}"}


def test_the_app_is_no_administrator_of_its_database(settings):
    administrators = [
        block for block in configuration.blocks() if block.type.endswith("active_directory_administrator")
    ]
    assert {block.name for block in administrators} == {"migration", "person"}
    assert "azurerm_user_assigned_identity.app." not in str([block.body for block in administrators])
    assert settings["JOBS_MIGRATE_CLIENT_ID"] == "${azurerm_user_assigned_identity.migration.client_id}"
    assert settings["AZURE_CLIENT_ID"] == "${azurerm_user_assigned_identity.app.client_id}"
    assert "app" in settings["JOBS_GRANT_TO"]


def test_the_design_gets_the_settings_it_needs(settings, site):
    # How many is in terraform/tests/locals.tftest.hcl: 32, but on a server with fewer connections than that takes.
    assert settings["PYTHON_THREADPOOL_THREAD_COUNT"] == "${tostring(local.worker_threads)}"
    assert settings["WEBSITES_CONTAINER_STOP_TIME_LIMIT"] == "120"
    assert settings["FUNCTIONS_ENABLE_DRAIN_ON_APP_STOPPING"] == "true"
    assert settings["JOBS_DOORBELL"] == "jobs.azure.queue.QueueDoorbell"
    assert "WEBSITE_TIME_ZONE" not in settings
    assert site["health_check_path"] == "/api/health"
    assert "health_check_eviction_time_in_min" in site


def test_the_queues_are_those_of_the_code():
    assert resource("azurerm_storage_queue.runs")["name"] == "jobs-runs"
    assert resource("azurerm_storage_queue.poison")["name"] == "jobs-runs-poison"
    assert '"jobs-runs"' in (ROOT / "jobs/azure/storage.py").read_text()


def test_the_plan_scales_by_rules_where_its_size_can():
    assert resource("azurerm_monitor_autoscale_setting.plan")["count"] == "${local.plan_autoscales ? 1 : 0}"
    assert 'regex("^[SP]", var.plan_sku)' in local_values()["plan_autoscales"]
    # Else the next apply would undo what the rules did.
    assert resource("azurerm_service_plan.main")["worker_count"].startswith(
        "${local.plan_is_elastic || local.plan_autoscales ? null"
    )


def test_the_database_grows_is_backed_up_and_stays_where_it_is():
    server = resource("azurerm_postgresql_flexible_server.main")
    assert server["auto_grow_enabled"] is True
    assert server["backup_retention_days"] == "${var.database_backup_days}"
    assert {"zone", "storage_mb", "storage_tier"} <= {
        ignored.strip("${}") for ignored in server["lifecycle"][0]["ignore_changes"]
    }


def test_a_protected_database_is_not_destroyed():
    guard = resource("terraform_data.database_guard")
    assert guard["triggers_replace"] == ["${azurerm_postgresql_flexible_server.main[0].id}"]
    assert guard["lifecycle"][0]["prevent_destroy"] is True


def test_nobody_signs_in_to_the_database_with_a_password():
    [authentication] = resource("azurerm_postgresql_flexible_server.main")["authentication"]
    assert authentication["password_auth_enabled"] is False
    assert authentication["active_directory_auth_enabled"] is True


@pytest.mark.parametrize("name", ["secret_key", "admin_password"])
def test_a_secret_never_reaches_the_state(name):
    secret = resource(f"azurerm_key_vault_secret.{name}")
    assert "uuid()" in secret["value_wo"]
    assert secret["value_wo_version"] == "${var.secret_version}"
    assert "value" not in secret


@pytest.mark.parametrize("folder", [configuration.MAIN, configuration.BOOTSTRAP], ids=lambda folder: folder.name)
def test_a_region_that_is_none_fails_the_plan(folder):
    # By azurerm, which asks Azure for the list; off by default since 5.0.
    [provider] = [entry["azurerm"] for file in configuration.parse(folder) for entry in file.get("provider", [])]
    assert provider["features"][0]["enhanced_validation"][0]["locations"] is True


def test_no_other_provider_is_needed():
    for folder in (configuration.MAIN, configuration.BOOTSTRAP):
        [required] = [
            found
            for file in configuration.parse(folder)
            for terraform in file.get("terraform", [])
            for found in terraform.get("required_providers", [])
        ]
        assert set(required) - {"__is_block__"} == {"azurerm"}
        assert required["azurerm"]["version"] == ">= 5.2, < 6.0"


def test_every_alert_reaches_the_action_group():
    alerts = [block for block in configuration.blocks() if "alert" in block.type]
    assert len(alerts) == 3
    for alert in alerts:
        assert "azurerm_monitor_action_group.main.id" in str(alert.body["action"])
    assert set(local_values()["log_alerts"]) == {"no-tick", "failures", "late", "missed"}
    assert set(local_values()["database_alerts"]) == {"storage", "connections"}


def test_an_alert_asks_for_what_the_app_reports():
    alerts = local_values()["log_alerts"]
    queries = " ".join(alert["query"] for alert in alerts.values())
    code = (ROOT / "jobs/telemetry/opentelemetry.py").read_text()
    told = re.findall(r'create_\w+\(\s*f"\{NAME\}\.([a-z.]+)"', code)
    named = set(re.findall(r"'nightshift\.([^']+)'(?!\])", queries))
    assert named == {"runs", "run.lateness", "queue.age", "occurrences.missed"}
    assert named <= set(told)
    dimensions = re.findall(r'f"\{NAME\}\.([a-z]+)": ', code)
    named = set(re.findall(r"customDimensions\['nightshift\.([^']+)'\]", queries))
    assert named == {"status", "reason"} <= set(dimensions)
    statuses, reasons = (
        set(re.findall(rf"'nightshift\.{word}'\]\) (.*?) \|", queries)) for word in ("status", "reason")
    )
    assert statuses == {f"in ('{Status.FAILED}', '{Status.TIMED_OUT}', '{Status.LOST}')"}
    assert reasons == {f"!= '{Reason.SUPERSEDED}'"}
    assert "requests | where name == 'tick' and success == true" in alerts["no-tick"]["query"]
    assert '@app.function_name("tick")' in (ROOT / "jobs/azure/functions.py").read_text()
    # One row and one number, whatever there is.
    assert all(
        re.search(r"\| summarize found = (count\(\)|coalesce\(.*, 0\.0\))$", alert["query"])
        for alert in alerts.values()
    )


def test_an_alert_fires_where_it_should():
    fires = {name: (alert["operator"], alert["threshold"]) for name, alert in local_values()["log_alerts"].items()}
    late = fires.pop("late")
    assert fires == {"no-tick": ("LessThan", 1), "failures": ("GreaterThan", 0), "missed": ("GreaterThan", 0)}
    assert late == ("GreaterThan", "${var.alert_lateness_minutes * 60}")
    [rule] = [block.body for block in configuration.blocks() if "scheduled_query_rules" in block.type]
    assert rule["criteria"][0]["operator"] == "${each.value.operator}"
    assert rule["criteria"][0]["threshold"] == "${each.value.threshold}"
    assert rule["criteria"][0]["metric_measure_column"] == "found"
    assert waits(rule) == {"azurerm_linux_function_app.main"}  # before, no tick is no news


def test_an_alert_looks_back_further_than_to_its_last_turn():
    for alert in local_values()["log_alerts"].values():
        turn, window = (int(re.fullmatch(r"PT(\d+)M", alert[key])[1]) for key in ("frequency", "window"))
        assert window >= 2 * turn


def test_someone_hears_of_the_budget_before_it_is_spent():
    notifications = resource("azurerm_consumption_budget_resource_group.main")["notification"]
    assert [(each["threshold_type"], each["operator"], each["threshold"]) for each in notifications] == [
        ("Actual", "GreaterThan", 80),
        ("Forecasted", "GreaterThan", 100),
    ]


def test_what_the_image_leaves_out_can_be_said_as_a_regular_expression():
    # registry.tf knows *, ** and plain names. Docker knows more.
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        assert line.startswith("#") or not re.search(r"[!?\[\]\\<>+(){}|^$]", line), line


def test_a_team_cannot_set_what_is_set_here(settings):
    validation = configuration.named("variable")["app_settings"]["validation"][0]
    refused = re.compile(re.search(r'"(\(\?i\)\^\(DOCKER_.*?\))"', validation["condition"])[1].replace("\\\\", "\\"))
    elastic = {"WEBSITE_CONTENTAZUREFILECONNECTIONSTRING", "WEBSITE_CONTENTSHARE"}
    ours = {
        *settings,
        *elastic,
        "RESTART_ON_NEW_DATABASE",
        "ALLOWED_HOSTS",
        "CSRF_TRUSTED_ORIGINS",
        "APPLICATIONINSIGHTS_CONNECTION_STRING",
    }
    assert {name for name in ours if not refused.search(name)} == set()


@configuration.NEEDS_SCHEMA
def test_all_that_takes_tags_gets_them():
    schemas = configuration.schema()["resource_schemas"]
    bare = [
        block.address
        for block in configuration.blocks()
        if block.kind == "resource"
        and "tags" in schemas.get(block.type, {"block": {"attributes": {}}})["block"]["attributes"]
        and block.body.get("tags") not in ("${local.tags}", "${local.tags_in_lower_case}")
    ]
    assert bare == []
