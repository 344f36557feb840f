locals {
  plan_is_elastic = startswith(var.plan_sku, "EP")
  # The sizes that Azure Monitor's rules can scale. Elastic Premium scales itself; Basic doesn't scale.
  plan_autoscales = can(regex("^[SP]", var.plan_sku)) && var.instances.maximum > var.instances.minimum
  # Each running run holds a thread: with the 5 threads of a small instance, the tick would wait for them. Each thread may also
  # hold a database connection, and the smallest server allows fewer than 32 threads, 4 runs and the writer need.
  worker_threads = max(local.database_connections < 100 ? 16 : 32, 2 * var.max_running + 2)
}

resource "azurerm_service_plan" "main" {
  name                = "${var.name}-plan"
  resource_group_name = local.group_name
  location            = local.location
  os_type             = "Linux"
  sku_name            = var.plan_sku
  # If rules scale the plan, they set the number; a number here would be restored by each apply.
  worker_count                 = local.plan_is_elastic || local.plan_autoscales ? null : var.instances.minimum
  maximum_elastic_worker_count = local.plan_is_elastic ? var.instances.maximum : null
  tags                         = local.tags

  # Destroy the plan first: while it exists it uses the subnet, which then can't be deleted.
  depends_on = [azurerm_subnet.app, terraform_data.delegation]

  lifecycle {
    replace_triggered_by = [terraform_data.plan_kind]

    precondition {
      condition     = terraform_data.made_with["location"].output == local.location
      error_message = "This deployment was made in ${terraform_data.made_with["location"].output}, and can't be moved: set location back, or see \"Move to another region\" in docs/deploy.md."
    }

    precondition {
      condition     = try(terraform_data.made_with["address_space"].output == var.address_space, true)
      error_message = "The network was made with ${try(terraform_data.made_with["address_space"].output, "another address space")}. Azure can't change a subnet while the plan or the database is in it: set address_space back, or create a second deployment."
    }
  }
}

# Azure can't change a dedicated plan into an elastic one or back, nor move an app between them: both are replaced.
resource "terraform_data" "plan_kind" {
  triggers_replace = [local.plan_is_elastic]
}

resource "azurerm_monitor_autoscale_setting" "plan" {
  count = local.plan_autoscales ? 1 : 0

  name                = "${var.name}-plan"
  resource_group_name = local.group_name
  location            = local.location
  target_resource_id  = azurerm_service_plan.main.id
  tags                = local.tags

  profile {
    name = "load"

    capacity {
      default = var.instances.minimum
      minimum = var.instances.minimum
      maximum = var.instances.maximum
    }

    dynamic "rule" {
      for_each = {
        more-cpu    = { metric = "CpuPercentage", operator = "GreaterThan", threshold = 75, direction = "Increase" }
        more-memory = { metric = "MemoryPercentage", operator = "GreaterThan", threshold = 85, direction = "Increase" }
        # Scale in late, and only if both rules agree: runs on a removed instance are interrupted and start again.
        less-cpu    = { metric = "CpuPercentage", operator = "LessThan", threshold = 25, direction = "Decrease" }
        less-memory = { metric = "MemoryPercentage", operator = "LessThan", threshold = 50, direction = "Decrease" }
      }

      content {
        metric_trigger {
          metric_name        = rule.value.metric
          metric_namespace   = "microsoft.web/serverfarms"
          metric_resource_id = azurerm_service_plan.main.id
          operator           = rule.value.operator
          threshold          = rule.value.threshold
          statistic          = "Average"
          time_aggregation   = "Average"
          time_grain         = "PT1M"
          time_window        = rule.value.direction == "Increase" ? "PT5M" : "PT30M"
        }

        scale_action {
          direction = rule.value.direction
          type      = "ChangeCount"
          value     = 1
          cooldown  = rule.value.direction == "Increase" ? "PT5M" : "PT30M"
        }
      }
    }
  }
}

locals {
  database_address = "${local.database_host}:${local.database_port}/${local.database_name}?sslmode=require"

  settings_of_the_host = {
    FUNCTIONS_WORKER_RUNTIME = "python"
    # Otherwise App Service mounts its own /home over the image's, and no function is found.
    WEBSITES_ENABLE_APP_SERVICE_STORAGE = "false"
    # The container migrates before its first response, which may take long.
    WEBSITES_CONTAINER_START_TIME_LIMIT = "1800"
    # Runs get this long to end (the platform's default is 5 seconds), after the host has stopped its listeners.
    WEBSITES_CONTAINER_STOP_TIME_LIMIT     = "120"
    FUNCTIONS_ENABLE_DRAIN_ON_APP_STOPPING = "true"
    PYTHON_THREADPOOL_THREAD_COUNT         = tostring(local.worker_threads)
    # azurerm sets only the account's name. Without these two the host looks for a system-assigned identity, and doesn't start.
    AzureWebJobsStorage__credential = "managedidentity"
    AzureWebJobsStorage__clientId   = azurerm_user_assigned_identity.app.client_id
    # Sends telemetry by identity instead of the connection string's key. The string is in site_config, where azurerm reads it back.
    APPLICATIONINSIGHTS_AUTHENTICATION_STRING = "Authorization=AAD;ClientId=${azurerm_user_assigned_identity.app.client_id}"
    # These override host.json and must match JOBS_MAX_RUNNING (`manage.py check` compares them).
    AzureFunctionsJobHost__extensions__queues__batchSize         = tostring(var.max_running)
    AzureFunctionsJobHost__extensions__queues__newBatchThreshold = tostring(var.max_running - 1)
  }

  settings_of_the_app = {
    AZURE_CLIENT_ID = azurerm_user_assigned_identity.app.client_id
    SECRET_KEY      = "@Microsoft.KeyVault(SecretUri=${azurerm_key_vault_secret.secret_key.versionless_id})"
    # Nothing reads it. Changing it restarts the app, which then reads the vault again.
    SECRET_KEY_VERSION = tostring(var.secret_version)
    DATABASE_URL       = "postgresql://${local.database_roles.app}@${local.database_address}"
    DATABASE_ENTRA     = "1"
    JOBS_DOORBELL      = "jobs.azure.queue.QueueDoorbell"
    JOBS_MAX_RUNNING   = tostring(var.max_running)
    JOBS_MAX_INSTANCES = tostring(var.instances.maximum)
    JOBS_RELEASE       = local.image_release
    TIME_ZONE          = var.time_zone
    LOG_LEVEL          = var.log_level
  }

  # For container/start.sh, before the host: migrate as the tables' owner, grant the app its rights, create the first person.
  settings_of_the_start = {
    JOBS_ADMIN_USERNAME = var.admin_username
    JOBS_ADMIN_PASSWORD = "@Microsoft.KeyVault(SecretUri=${azurerm_key_vault_secret.admin_password.versionless_id})"
  }

  # An existing database may be migrated elsewhere, such as where the project's own site is deployed.
  settings_of_the_migration = {
    JOBS_MIGRATE_AT_START   = "1"
    JOBS_MIGRATE_CLIENT_ID  = azurerm_user_assigned_identity.migration.client_id
    JOBS_MIGRATE_URL        = "postgresql://${local.database_roles.migration}@${local.database_address}"
    JOBS_GRANT_TO           = local.database_roles.app
    JOBS_GRANT_TO_OBJECT_ID = azurerm_user_assigned_identity.app.principal_id
  }

  # Not read: with a new server of the same name it restarts the app, which migrates at its start.
  settings_of_the_server = local.database_is_ours ? { RESTART_ON_NEW_DATABASE = terraform_data.database_server[0].id } : {}

  settings_of_the_schema = try(var.existing_database.schema, null) == null ? {} : { JOBS_SCHEMA = var.existing_database.schema }

  settings_of_the_watch = var.heartbeat_url == "" ? {} : { JOBS_HEARTBEAT_URL = var.heartbeat_url }

  settings_of_the_domain = var.custom_domain == null ? {} : {
    ALLOWED_HOSTS        = var.custom_domain
    CSRF_TRUSTED_ORIGINS = "https://${var.custom_domain}"
    JOBS_URL             = "https://${var.custom_domain}"
  }

  # The app believes App Service's headers only where App Service stands in front of it: never one without the other.
  settings_of_the_sign_in = var.sign_in == null ? {} : merge(
    {
      JOBS_TRUST_APP_SERVICE_AUTH = "1"
      JOBS_ENTRA_TENANT           = var.sign_in.tenant_id
      JOBS_ENTRA_AUDIENCE         = coalesce(var.sign_in.audience, var.sign_in.client_id)
    },
    # With this name App Service proves itself by the identity, and needs no secret.
    var.sign_in.secret_setting == null ? { (local.sign_in_by_identity) = azurerm_user_assigned_identity.app.client_id } : {},
  )

  sign_in_by_identity = "OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID"
  # Programs come with tokens, which the app checks, probes with nothing, and the host's own routes (host.json) have its keys.
  paths_without_sign_in = ["/api/health", "/api/ready", "/api/*", "/admin/*", "/runtime/*"]

  settings_of_jobs = merge(
    { for job, schedule in var.job_schedules : "JOBS_SCHEDULE__${upper(replace(job, "-", "_"))}" => schedule },
    { for job in var.jobs_disabled : "AzureWebJobs.${job}.Disabled" => "1" },
  )

  # Elastic Premium needs a file share for the app's content, which it opens with the account's key.
  settings_of_elastic_premium = local.plan_is_elastic ? {
    WEBSITE_CONTENTAZUREFILECONNECTIONSTRING = azurerm_storage_account.main.primary_connection_string
    WEBSITE_CONTENTSHARE                     = azurerm_storage_share.content[0].name
  } : {}
}

resource "azurerm_linux_function_app" "main" {
  name                = local.unique_name
  resource_group_name = local.group_name
  location            = local.location
  service_plan_id     = azurerm_service_plan.main.id
  tags                = local.tags

  storage_account_name          = azurerm_storage_account.main.name
  storage_uses_managed_identity = true
  # This identity reads the Key Vault references. The default is a system-assigned one, which doesn't exist.
  key_vault_reference_identity_id = azurerm_user_assigned_identity.app.id

  virtual_network_subnet_id = local.app_subnet_id
  https_only                = true
  # It would write to the storage account with the account's key.
  builtin_logging_enabled                        = false
  ftp_publish_basic_authentication_enabled       = false
  webdeploy_publish_basic_authentication_enabled = false

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.app.id, azurerm_user_assigned_identity.migration.id]
  }

  site_config {
    # Without it a dedicated plan sleeps when it gets no requests, and its timers stop. Elastic Premium has no such switch.
    always_on = !local.plan_is_elastic
    # On Elastic Premium this many instances always run.
    elastic_instance_minimum = local.plan_is_elastic ? var.instances.minimum : null

    application_insights_connection_string = azurerm_application_insights.main.connection_string

    # Checks that the process is alive, not the database: otherwise each pause of the database would restart all instances and runs.
    health_check_path                 = "/api/health"
    health_check_eviction_time_in_min = 10

    vnet_route_all_enabled = try(var.existing_network.route_all, false)

    container_registry_use_managed_identity = local.image_by_role
    # Without the id, App Service looks for a system-assigned identity.
    container_registry_managed_identity_client_id = local.image_by_role ? azurerm_user_assigned_identity.app.client_id : null

    ftps_state          = "Disabled"
    http2_enabled       = true
    minimum_tls_version = "1.2"

    application_stack {
      # Set the image only here. DOCKER_* app settings would contradict it.
      docker {
        registry_url = "https://${local.image_server}"
        image_name   = local.image_digest == null ? local.image_repository : "${local.image_repository}@sha256"
        image_tag    = local.image_digest == null ? local.image_tag : trimprefix(local.image_digest, "sha256:")
      }
    }
  }

  dynamic "auth_settings_v2" {
    for_each = var.sign_in == null ? [] : [var.sign_in]

    content {
      auth_enabled           = true
      require_authentication = true
      require_https          = true
      unauthenticated_action = "RedirectToLoginPage"
      default_provider       = "azureactivedirectory"
      excluded_paths         = local.paths_without_sign_in

      active_directory_v2 {
        client_id                  = auth_settings_v2.value.client_id
        tenant_auth_endpoint       = "https://login.microsoftonline.com/${auth_settings_v2.value.tenant_id}/v2.0"
        client_secret_setting_name = coalesce(auth_settings_v2.value.secret_setting, local.sign_in_by_identity)
      }

      login {
        # The app needs who signed in, and none of their tokens.
        token_store_enabled = false
      }
    }
  }

  app_settings = merge(
    var.app_settings,
    local.settings_of_the_host,
    local.settings_of_the_app,
    local.settings_of_the_start,
    try(var.existing_database.migrate, true) ? local.settings_of_the_migration : {},
    local.settings_of_the_server,
    local.settings_of_the_schema,
    local.settings_of_the_watch,
    local.settings_of_the_domain,
    local.settings_of_the_sign_in,
    local.settings_of_jobs,
    local.settings_of_elastic_premium,
  )

  # The first start needs these, and no reference above names them: the roles (AcrPull first), the image, the way to the database.
  depends_on = [
    terraform_data.roles_known,
    terraform_data.image,
    azurerm_postgresql_flexible_server_active_directory_administrator.migration,
    azurerm_private_endpoint.database,
    azurerm_storage_queue.runs,
    azurerm_storage_queue.poison,
  ]

  lifecycle {
    replace_triggered_by = [terraform_data.plan_kind]

    ignore_changes = [
      # The portal sets these to link the app to its telemetry.
      tags["hidden-link: /app-insights-conn-string"],
      tags["hidden-link: /app-insights-instrumentation-key"],
      tags["hidden-link: /app-insights-resource-id"],
    ]
  }
}

resource "azurerm_app_service_custom_hostname_binding" "main" {
  count = var.custom_domain == null ? 0 : 1

  hostname            = var.custom_domain
  app_service_name    = azurerm_linux_function_app.main.name
  resource_group_name = local.group_name

  lifecycle {
    # Set by the certificate binding below.
    ignore_changes = [ssl_state, thumbprint]
    # A replaced app has the same name, but the binding was deleted with the old one.
    replace_triggered_by = [azurerm_linux_function_app.main.id]
  }
}

resource "azurerm_app_service_managed_certificate" "main" {
  count = var.custom_domain == null ? 0 : 1

  custom_hostname_binding_id = azurerm_app_service_custom_hostname_binding.main[0].id
  tags                       = local.tags
}

resource "azurerm_app_service_certificate_binding" "main" {
  count = var.custom_domain == null ? 0 : 1

  hostname_binding_id = azurerm_app_service_custom_hostname_binding.main[0].id
  certificate_id      = azurerm_app_service_managed_certificate.main[0].id
  ssl_state           = "SniEnabled"
}
