# What exists already takes the place of what would be created.

mock_provider "azurerm" {
  source = "./tests/mocks"
}

variables {
  name  = "nightshift"
  image = { tag = "4f0c2d9a1b7e" }
}

run "with_nothing_given_all_is_created" {
  command = plan

  assert {
    condition     = length(azurerm_resource_group.main) == 1 && length(azurerm_virtual_network.main) == 1 && length(azurerm_subnet.app) == 1 && length(azurerm_container_registry.main) == 1 && length(azurerm_log_analytics_workspace.main) == 1 && length(azurerm_postgresql_flexible_server.main) == 1 && length(azurerm_postgresql_flexible_server_database.main) == 1
    error_message = "One of each."
  }

  assert {
    condition     = length(data.azurerm_resource_group.existing) + length(data.azurerm_virtual_network.existing) + length(data.azurerm_container_registry.existing) + length(data.azurerm_log_analytics_workspace.existing) + length(data.azurerm_postgresql_flexible_server.existing) + length(terraform_data.delegation) == 0
    error_message = "Nothing is looked up."
  }

  assert {
    condition     = length(output.database_grants) == 0
    error_message = "The first start makes the role."
  }
}

run "with_everything_given_none_of_it_is" {
  command = plan

  variables {
    existing_resource_group             = "team"
    existing_network                    = { id = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/team/providers/Microsoft.Network/virtualNetworks/hub", app_subnet = "jobs", route_all = true }
    existing_database                   = { id = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/team/providers/Microsoft.DBforPostgreSQL/flexibleServers/shop/databases/shop" }
    existing_registry_id                = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/team/providers/Microsoft.ContainerRegistry/registries/teamimages"
    existing_log_analytics_workspace_id = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/team/providers/Microsoft.OperationalInsights/workspaces/team"
  }

  assert {
    condition     = length(azurerm_resource_group.main) + length(azurerm_virtual_network.main) + length(azurerm_subnet.app) + length(azurerm_subnet.database) + length(azurerm_subnet.endpoint) + length(azurerm_container_registry.main) + length(azurerm_log_analytics_workspace.main) == 0
    error_message = "No group, network, subnet, registry or workspace."
  }

  assert {
    condition     = length(azurerm_postgresql_flexible_server.main) + length(azurerm_postgresql_flexible_server_database.main) + length(azurerm_postgresql_flexible_server_active_directory_administrator.migration) + length(azurerm_private_dns_zone.database) + length(azurerm_private_dns_zone_virtual_network_link.database) + length(azurerm_private_endpoint.database) + length(terraform_data.database_server) + length(terraform_data.database_guard) == 0
    error_message = "Nor a server, nor anything that belongs to one."
  }

  assert {
    condition     = azurerm_linux_function_app.main.virtual_network_subnet_id == "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/team/providers/Microsoft.Network/virtualNetworks/hub/subnets/jobs" && azurerm_linux_function_app.main.site_config[0].vnet_route_all_enabled && azurerm_linux_function_app.main.location == "westeurope" && azurerm_linux_function_app.main.resource_group_name == "team"
    error_message = "The app is in the given group, region and subnet."
  }

  assert {
    condition     = azurerm_role_assignment.app["registry"].scope == "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/team/providers/Microsoft.ContainerRegistry/registries/teamimages" && output.image == "teamimages.azurecr.io/nightshift:4f0c2d9a1b7e"
    error_message = "Its image comes from the given registry."
  }

  assert {
    condition     = length(azurerm_monitor_metric_alert.database) == 2 && join(" ", sort(keys(azurerm_monitor_diagnostic_setting.main))) == "app vault"
    error_message = "The given server is watched, and what is given keeps its own diagnostic settings."
  }

  assert {
    condition     = length(azurerm_consumption_budget_resource_group.main[0].filter) == 1
    error_message = "The budget counts this deployment alone."
  }
}

run "a_database_by_host_and_role" {
  command = plan

  variables {
    existing_database = { host = "db.example.com", name = "shop", role = "shop_jobs", migration_role = "shop_owner" }
  }

  assert {
    condition     = azurerm_linux_function_app.main.app_settings["DATABASE_URL"] == "postgresql://shop_jobs@db.example.com:5432/shop?sslmode=require" && azurerm_linux_function_app.main.app_settings["JOBS_MIGRATE_URL"] == "postgresql://shop_owner@db.example.com:5432/shop?sslmode=require" && azurerm_linux_function_app.main.app_settings["JOBS_GRANT_TO"] == "shop_jobs"
    error_message = "As these roles, there."
  }

  assert {
    condition     = !contains(keys(azurerm_linux_function_app.main.app_settings), "JOBS_SCHEMA")
    error_message = "The tables are beside the project's."
  }

  assert {
    condition     = length(azurerm_monitor_metric_alert.database) == 0 && length(azurerm_virtual_network.main) == 1
    error_message = "Of a host no metrics are known; the app has its network."
  }
}

run "migrations_that_others_do" {
  command = plan

  variables {
    existing_database = { host = "db.example.com", migrate = false, schema = "jobs_ledger" }
  }

  assert {
    condition     = azurerm_linux_function_app.main.app_settings["JOBS_SCHEMA"] == "jobs_ledger" && length(output.database_grants) == 1
    error_message = "The tables are in their own schema; nobody migrates here."
  }

  assert {
    condition     = !contains(keys(azurerm_linux_function_app.main.app_settings), "JOBS_MIGRATE_AT_START") && !contains(keys(azurerm_linux_function_app.main.app_settings), "JOBS_GRANT_TO")
    error_message = "The start leaves the tables alone."
  }
}

run "subnets_of_ours_in_a_given_network" {
  command = plan

  variables {
    location         = "westeurope"
    address_space    = "10.1.8.0/24"
    existing_network = { id = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/team/providers/Microsoft.Network/virtualNetworks/hub" }
  }

  assert {
    condition     = azurerm_subnet.app[0].name == "nightshift-app" && azurerm_subnet.app[0].virtual_network_name == "hub" && azurerm_subnet.app[0].resource_group_name == "team" && azurerm_subnet.database[0].address_prefixes[0] == "10.1.8.64/26" && length(terraform_data.delegation) == 0
    error_message = "Under names that nobody else has, in the given range."
  }
}

run "given_subnets_for_a_server_of_ours" {
  command = plan

  variables {
    location         = "westeurope"
    existing_network = { id = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/team/providers/Microsoft.Network/virtualNetworks/hub", app_subnet = "jobs", database_subnet = "data", private_dns_zone_id = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/team/providers/Microsoft.Network/privateDnsZones/team.private.postgres.database.azure.com" }
  }

  assert {
    condition     = azurerm_postgresql_flexible_server.main[0].delegated_subnet_id == "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/team/providers/Microsoft.Network/virtualNetworks/hub/subnets/data" && length(azurerm_private_dns_zone.database) == 0 && length(terraform_data.delegation) == 2
    error_message = "The server is in the given subnet and zone, and both delegations are checked."
  }
}

run "a_given_subnet_for_the_endpoint_of_a_public_server" {
  command = plan

  variables {
    location                    = "westeurope"
    database_public_access_from = ["203.0.113.7"]
    existing_network            = { id = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/team/providers/Microsoft.Network/virtualNetworks/hub", app_subnet = "jobs", endpoint_subnet = "endpoints", private_dns_zone_id = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/team/providers/Microsoft.Network/privateDnsZones/privatelink.postgres.database.azure.com" }
  }

  assert {
    condition     = azurerm_private_endpoint.database[0].subnet_id == "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/team/providers/Microsoft.Network/virtualNetworks/hub/subnets/endpoints" && length(azurerm_subnet.endpoint) == 0
    error_message = "The endpoint is in the given subnet."
  }
}

run "a_network_in_another_region" {
  command = plan

  variables {
    existing_network = { id = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/team/providers/Microsoft.Network/virtualNetworks/hub", app_subnet = "jobs" }
  }

  expect_failures = [data.azurerm_virtual_network.existing]
}
