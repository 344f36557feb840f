# What would be made, in the shapes that people choose. Needs the provider; talks to nobody.

mock_provider "azurerm" {
  source = "./tests/mocks"
}

variables {
  name  = "nightshift"
  image = { tag = "4f0c2d9a1b7e" }
}

run "the_default_is_dedicated_private_and_keyless" {
  command = plan

  assert {
    condition     = azurerm_service_plan.main.sku_name == "B1" && azurerm_service_plan.main.worker_count == 1 && azurerm_linux_function_app.main.site_config[0].always_on
    error_message = "One B1 that never sleeps."
  }

  assert {
    condition     = !azurerm_storage_account.main.shared_access_key_enabled && !azurerm_container_registry.main[0].admin_enabled && azurerm_key_vault.main.rbac_authorization_enabled
    error_message = "No key opens anything."
  }

  assert {
    condition     = !azurerm_postgresql_flexible_server.main[0].public_network_access_enabled && !azurerm_postgresql_flexible_server.main[0].authentication[0].password_auth_enabled && length(azurerm_subnet.database) == 1
    error_message = "The database is in the network, and knows no password."
  }

  assert {
    condition     = length(azurerm_monitor_autoscale_setting.plan) == 0 && length(azurerm_storage_share.content) == 0 && length(azurerm_private_endpoint.database) == 0 && length(terraform_data.image) == 0 && length(terraform_data.database_guard) == 0
    error_message = "Nothing that wasn't asked for."
  }

  assert {
    condition     = azurerm_linux_function_app.main.app_settings["WEBSITES_ENABLE_APP_SERVICE_STORAGE"] == "false" && azurerm_linux_function_app.main.app_settings["AzureWebJobsStorage__credential"] == "managedidentity"
    error_message = "Without these the host finds no function, or no storage."
  }

  assert {
    condition     = azurerm_linux_function_app.main.site_config[0].application_stack[0].docker[0].image_tag == "4f0c2d9a1b7e"
    error_message = "The image is the one given."
  }
}

run "elastic_premium" {
  command = plan

  variables {
    plan_sku  = "EP1"
    instances = { minimum = 2, maximum = 5 }
  }

  assert {
    condition     = azurerm_service_plan.main.maximum_elastic_worker_count == 5 && azurerm_linux_function_app.main.site_config[0].elastic_instance_minimum == 2
    error_message = "It scales between the two numbers."
  }

  assert {
    condition     = azurerm_storage_account.main.shared_access_key_enabled && length(azurerm_storage_share.content) == 1 && length(azurerm_monitor_autoscale_setting.plan) == 0
    error_message = "Its content share needs a key, and it takes no rules."
  }
}

run "a_premium_plan_that_scales" {
  command = plan

  variables {
    plan_sku  = "P1v3"
    instances = { minimum = 1, maximum = 4 }
  }

  assert {
    condition     = azurerm_monitor_autoscale_setting.plan[0].profile[0].capacity[0].maximum == 4 && length(azurerm_monitor_autoscale_setting.plan[0].profile[0].rule) == 4
    error_message = "Two rules out, two in."
  }
}

run "public_access" {
  command = plan

  variables {
    database_public_access_from = ["203.0.113.7", "203.0.113.8"]
  }

  assert {
    condition     = azurerm_postgresql_flexible_server.main[0].public_network_access_enabled && length(azurerm_postgresql_flexible_server_firewall_rule.public) == 2
    error_message = "From these addresses, and no other."
  }

  assert {
    condition     = length(azurerm_private_endpoint.database) == 1 && length(azurerm_subnet.database) == 0 && azurerm_private_dns_zone.database[0].name == "privatelink.postgres.database.azure.com"
    error_message = "The app stays inside."
  }
}

run "a_standby" {
  command = plan

  variables {
    database_sku               = "GP_Standard_D2ds_v5"
    database_high_availability = "ZoneRedundant"
  }

  assert {
    condition     = azurerm_postgresql_flexible_server.main[0].high_availability[0].mode == "ZoneRedundant"
    error_message = "In another zone."
  }
}

run "a_domain_of_ones_own" {
  command = plan

  variables {
    custom_domain = "jobs.example.com"
  }

  assert {
    condition     = azurerm_app_service_custom_hostname_binding.main[0].hostname == "jobs.example.com" && azurerm_linux_function_app.main.app_settings["ALLOWED_HOSTS"] == "jobs.example.com"
    error_message = "Azure and Django both know the name."
  }
}

run "nobody_stands_in_front_by_default" {
  command = plan

  assert {
    condition     = length(azurerm_linux_function_app.main.auth_settings_v2) == 0 && !contains(keys(azurerm_linux_function_app.main.app_settings), "JOBS_TRUST_APP_SERVICE_AUTH")
    error_message = "Headers are believed only where somebody sets them."
  }
}

run "people_sign_in_with_entra" {
  command = plan

  variables {
    sign_in = { tenant_id = "00000000-0000-0000-0000-000000000000", client_id = "11111111-0000-0000-0000-000000000000" }
  }

  assert {
    condition     = azurerm_linux_function_app.main.auth_settings_v2[0].require_authentication && azurerm_linux_function_app.main.app_settings["JOBS_TRUST_APP_SERVICE_AUTH"] == "1"
    error_message = "App Service signs in, and the app believes it: both or neither."
  }

  assert {
    condition     = alltrue([for path in ["/api/health", "/api/ready", "/api/*", "/admin/*"] : contains(azurerm_linux_function_app.main.auth_settings_v2[0].excluded_paths, path)])
    error_message = "Probes, programs with tokens and the host's own routes come without a person."
  }

  assert {
    condition     = azurerm_linux_function_app.main.auth_settings_v2[0].active_directory_v2[0].tenant_auth_endpoint == "https://login.microsoftonline.com/00000000-0000-0000-0000-000000000000/v2.0" && azurerm_linux_function_app.main.auth_settings_v2[0].active_directory_v2[0].client_secret_setting_name == "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID"
    error_message = "This tenant alone, and no secret."
  }
}

run "built_in_the_cloud" {
  command = plan

  variables {
    image = null
  }

  assert {
    condition     = length(terraform_data.image) == 1 && azurerm_linux_function_app.main.site_config[0].application_stack[0].docker[0].image_tag == substr(local.source_hash, 0, 12)
    error_message = "Under the hash of its source."
  }
}

run "someone_hears_it" {
  command = plan

  assert {
    condition     = length(azurerm_monitor_scheduled_query_rules_alert_v2.log) == 4 && length(azurerm_monitor_metric_alert.database) == 2 && length(azurerm_monitor_metric_alert.ready) == 1 && length(azurerm_monitor_action_group.main.arm_role_receiver) == 1
    error_message = "Tick, failures, lateness, missed; storage and connections; readiness: to the owners, without an address."
  }
}
