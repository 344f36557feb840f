resource "azurerm_log_analytics_workspace" "main" {
  count = var.existing_log_analytics_workspace_id == null ? 1 : 0

  name                         = "${var.name}-logs"
  resource_group_name          = local.group_name
  location                     = local.location
  sku                          = "PerGB2018"
  retention_in_days            = var.log_retention_days
  daily_quota_gb               = var.log_daily_quota_gb
  local_authentication_enabled = false
  tags                         = local.tags
}

resource "azurerm_application_insights" "main" {
  name                = "${var.name}-telemetry"
  resource_group_name = local.group_name
  location            = local.location
  workspace_id        = local.workspace_id
  application_type    = "web"
  # The connection string alone isn't enough to write here: the role is needed too.
  local_authentication_enabled = false
  tags                         = local.tags
}

resource "azurerm_monitor_action_group" "main" {
  name                = "${var.name}-operators"
  resource_group_name = local.group_name
  short_name          = substr(local.compact_name, 0, 12)
  tags                = local.tags

  dynamic "email_receiver" {
    for_each = var.alert_emails

    content {
      name                    = email_receiver.value
      email_address           = email_receiver.value
      use_common_alert_schema = true
    }
  }

  # Someone must get the alerts: without addresses, the role Owner. Its id is the same in every subscription.
  dynamic "arm_role_receiver" {
    for_each = length(var.alert_emails) == 0 ? ["8e3af657-a8ff-443c-a75c-2fe8c4bcb635"] : []

    content {
      name                    = "owners"
      role_id                 = arm_role_receiver.value
      use_common_alert_schema = true
    }
  }
}

locals {
  # The queries end in `summarize` without `by`, which returns a row even if there is no data. Each window is longer than the
  # interval between evaluations, because data arrives minutes late.
  log_alerts = {
    no-tick = {
      description = "No tick has succeeded for 10 minutes, so schedules may not run. See `tick` in the portal, then the container's log."
      severity    = 0
      frequency   = "PT5M"
      window      = "PT10M"
      query       = "requests | where name == 'tick' and success == true | summarize found = count()"
      operator    = "LessThan"
      threshold   = 1
    }
    failures = {
      description = "Runs failed, timed out or were lost. The site's list of runs shows which."
      severity    = 2
      frequency   = "PT5M"
      window      = "PT15M"
      query       = "customMetrics | where name == 'nightshift.runs' and tostring(customDimensions['nightshift.status']) in ('failed', 'timed_out', 'lost') | summarize found = coalesce(sum(coalesce(valueSum, value)), 0.0)"
      operator    = "GreaterThan"
      threshold   = 0
    }
    late = {
      description = "A run started more than ${var.alert_lateness_minutes} minutes after it was due, or has waited that long. Consider more instances or a larger max_running."
      severity    = 3
      frequency   = "PT15M"
      window      = "PT30M"
      query       = "customMetrics | where name in ('nightshift.run.lateness', 'nightshift.queue.age') | summarize found = coalesce(max(coalesce(valueMax, value)), 0.0)"
      operator    = "GreaterThan"
      threshold   = var.alert_lateness_minutes * 60
    }
    missed = {
      # Superseded occurrences don't count: of several that are late, as after a restart, the latest one ran.
      description = "Occurrences were due and never ran. `manage.py explain` says why."
      severity    = 2
      frequency   = "PT15M"
      window      = "PT30M"
      query       = "customMetrics | where name == 'nightshift.occurrences.missed' and tostring(customDimensions['nightshift.reason']) != 'superseded' | summarize found = coalesce(sum(coalesce(valueSum, value)), 0.0)"
      operator    = "GreaterThan"
      threshold   = 0
    }
  }

  # Azure returns the names of a metric alert's tags in lower case.
  tags_in_lower_case = { for name, value in local.tags : lower(name) => value }

  database_alerts = {
    storage = {
      description = "The database's storage is 80 % full. It grows by itself at 90 %, or at 64 GB free."
      metric      = "storage_percent"
      aggregation = "Average"
      threshold   = 80
    }
    connections = {
      description = "80 % of the database's connections are in use. Reduce max_running or instances, or choose a larger database_sku."
      metric      = "active_connections"
      aggregation = "Maximum"
      threshold   = floor(local.database_connections * 0.8)
    }
  }
}

resource "azurerm_monitor_scheduled_query_rules_alert_v2" "log" {
  for_each = local.log_alerts

  name                    = "${var.name}-${each.key}"
  resource_group_name     = local.group_name
  location                = local.location
  description             = each.value.description
  scopes                  = [azurerm_application_insights.main.id]
  severity                = each.value.severity
  evaluation_frequency    = each.value.frequency
  window_duration         = each.value.window
  auto_mitigation_enabled = true
  # The first apply would fail, because the table doesn't exist until data arrives.
  skip_query_validation = true
  tags                  = local.tags

  criteria {
    query                   = each.value.query
    time_aggregation_method = "Maximum"
    metric_measure_column   = "found"
    operator                = each.value.operator
    threshold               = each.value.threshold

    failing_periods {
      minimum_failing_periods_to_trigger_alert = 1
      number_of_evaluation_periods             = 1
    }
  }

  action {
    action_groups = [azurerm_monitor_action_group.main.id]
  }

  # Without an app there is no tick, and the alert would fire.
  depends_on = [azurerm_linux_function_app.main]
}

resource "azurerm_monitor_metric_alert" "database" {
  for_each = local.database_is_known ? local.database_alerts : {}

  name                = "${var.name}-database-${each.key}"
  resource_group_name = local.group_name
  description         = each.value.description
  scopes              = [local.database_server_id]
  severity            = 2
  frequency           = "PT5M"
  window_size         = "PT15M"
  tags                = local.tags_in_lower_case

  criteria {
    metric_namespace = "Microsoft.DBforPostgreSQL/flexibleServers"
    metric_name      = each.value.metric
    aggregation      = each.value.aggregation
    operator         = "GreaterThan"
    threshold        = each.value.threshold
  }

  action {
    action_group_id = azurerm_monitor_action_group.main.id
  }
}

# Readiness, including the database. It alerts a person and restarts nothing.
resource "azurerm_application_insights_standard_web_test" "ready" {
  count = length(var.availability_test_locations) > 0 ? 1 : 0

  name                    = "${var.name}-ready"
  resource_group_name     = local.group_name
  location                = local.location
  application_insights_id = azurerm_application_insights.main.id
  description             = "Checks the site, its database and its migrations."
  geo_locations           = var.availability_test_locations
  enabled                 = true
  retry_enabled           = true
  # In seconds. Every request from every location costs money.
  frequency = 900
  timeout   = 60
  tags      = local.tags

  request {
    url                              = "https://${azurerm_linux_function_app.main.default_hostname}/api/ready"
    http_verb                        = "GET"
    follow_redirects_enabled         = false
    parse_dependent_requests_enabled = false
  }

  validation_rules {
    expected_status_code        = 200
    ssl_check_enabled           = true
    ssl_cert_remaining_lifetime = 7
  }
}

resource "azurerm_monitor_metric_alert" "ready" {
  count = length(var.availability_test_locations) > 0 ? 1 : 0

  name                = "${var.name}-ready"
  resource_group_name = local.group_name
  description         = "/api/ready doesn't answer, or reports a problem."
  scopes = [
    azurerm_application_insights.main.id,
    azurerm_application_insights_standard_web_test.ready[0].id,
  ]
  severity    = 1
  frequency   = "PT5M"
  window_size = "PT30M"
  tags        = local.tags_in_lower_case

  application_insights_web_test_location_availability_criteria {
    web_test_id  = azurerm_application_insights_standard_web_test.ready[0].id
    component_id = azurerm_application_insights.main.id
    # A single failing location may itself be cut off.
    failed_location_count = min(2, length(var.availability_test_locations))
  }

  action {
    action_group_id = azurerm_monitor_action_group.main.id
  }
}

locals {
  # Of what is created here: an existing registry or server keeps the settings that it has.
  diagnostics = merge(
    {
      app   = { id = azurerm_linux_function_app.main.id, logs = ["FunctionAppLogs"] }
      vault = { id = azurerm_key_vault.main.id, logs = ["AuditEvent"] }
    },
    local.database_is_ours ? { database = { id = azurerm_postgresql_flexible_server.main[0].id, logs = ["PostgreSQLLogs"] } } : {},
    var.existing_registry_id == null ? { registry = { id = azurerm_container_registry.main[0].id, logs = ["ContainerRegistryLoginEvents", "ContainerRegistryRepositoryEvents"] } } : {},
  )
}

resource "azurerm_monitor_diagnostic_setting" "main" {
  for_each = local.diagnostics

  name                       = "logs"
  target_resource_id         = each.value.id
  log_analytics_workspace_id = local.workspace_id

  dynamic "enabled_log" {
    for_each = each.value.logs

    content {
      category = enabled_log.value
    }
  }

  enabled_metric {
    category = "AllMetrics"
  }
}

resource "azurerm_consumption_budget_resource_group" "main" {
  count = var.monthly_budget == null ? 0 : 1

  name              = "${var.name}-month"
  resource_group_id = local.group_id
  amount            = var.monthly_budget
  time_grain        = "Monthly"

  time_period {
    # Azure rejects a start in the past.
    start_date = formatdate("YYYY-MM-'01T00:00:00Z'", plantimestamp())
  }

  # In an existing group, only what this deployment costs.
  dynamic "filter" {
    for_each = var.existing_resource_group == null ? [] : [var.name]

    content {
      tag {
        name   = "deployment"
        values = [filter.value]
      }
    }
  }

  notification {
    operator       = "GreaterThan"
    threshold      = 80
    threshold_type = "Actual"
    contact_groups = [azurerm_monitor_action_group.main.id]
  }

  notification {
    operator       = "GreaterThan"
    threshold      = 100
    threshold_type = "Forecasted"
    contact_groups = [azurerm_monitor_action_group.main.id]
  }

  lifecycle {
    # The budget keeps its first month.
    ignore_changes = [time_period]
  }
}
