# What can't be deployed is refused before anything is planned, with a sentence that shows what could be.

mock_provider "azurerm" {
  source = "./tests/mocks"
}

variables {
  name = "nightshift"
}

run "a_name_with_capitals" {
  command = plan

  variables {
    name = "Nightshift"
  }

  expect_failures = [var.name]
}

run "a_name_that_is_too_long" {
  command = plan

  variables {
    name = "a-name-of-seventeen"
  }

  expect_failures = [var.name]
}

run "a_name_with_two_hyphens_together" {
  command = plan

  variables {
    name = "night--shift"
  }

  expect_failures = [var.name]
}

run "a_subscription_that_is_no_guid" {
  command = plan

  variables {
    subscription_id = "mine"
  }

  expect_failures = [var.subscription_id]
}

run "a_suffix_with_a_hyphen" {
  command = plan

  variables {
    suffix = "a-b"
  }

  expect_failures = [var.suffix]
}

run "a_suffix_too_short_for_a_registry" {
  command = plan

  variables {
    suffix = "xx"
  }

  expect_failures = [var.suffix]
}

run "a_region_by_its_display_name" {
  command = plan

  variables {
    location = "Sweden Central"
  }

  expect_failures = [var.location]
}

run "a_tag_with_a_long_key" {
  command = plan

  variables {
    tags = { (join("", [for n in range(129) : "k"])) = "v" }
  }

  expect_failures = [var.tags]
}

run "an_image_with_a_tag_and_a_digest" {
  command = plan

  variables {
    image = { tag = "1", digest = "sha256:0000000000000000000000000000000000000000000000000000000000000000" }
  }

  expect_failures = [var.image]
}

run "an_image_with_neither" {
  command = plan

  variables {
    image = { repository = "nightshift" }
  }

  expect_failures = [var.image]
}

run "the_tag_latest" {
  command = plan

  variables {
    image = { tag = "latest" }
  }

  expect_failures = [var.image]
}

run "a_digest_without_its_kind" {
  command = plan

  variables {
    image = { digest = "0000" }
  }

  expect_failures = [var.image]
}

run "a_registry_with_a_scheme" {
  command = plan

  variables {
    image = { tag = "1", server = "https://ghcr.io" }
  }

  expect_failures = [var.image]
}

run "a_repository_with_capitals" {
  command = plan

  variables {
    image = { tag = "1", repository = "Nightshift" }
  }

  expect_failures = [var.image]
}

run "a_plan_that_runs_no_container" {
  command = plan

  variables {
    plan_sku = "Y1"
  }

  expect_failures = [var.plan_sku]
}

run "flex_consumption" {
  command = plan

  variables {
    plan_sku = "FC1"
  }

  expect_failures = [var.plan_sku]
}

run "fewer_instances_at_most_than_at_least" {
  command = plan

  variables {
    plan_sku  = "P0v3"
    instances = { minimum = 3, maximum = 2 }
  }

  expect_failures = [var.instances]
}

run "a_basic_plan_that_scales" {
  command = plan

  variables {
    instances = { minimum = 1, maximum = 2 }
  }

  expect_failures = [var.instances]
}

run "more_instances_than_a_standard_plan_has" {
  command = plan

  variables {
    plan_sku  = "S1"
    instances = { minimum = 1, maximum = 11 }
  }

  expect_failures = [var.instances]
}

run "a_schedule_with_four_fields" {
  command = plan

  variables {
    job_schedules = { import_rates = "0 5 * *" }
  }

  expect_failures = [var.job_schedules]
}

run "a_schedule_for_no_job" {
  command = plan

  variables {
    job_schedules = { "" = "0 30 5 * * *" }
  }

  expect_failures = [var.job_schedules]
}

run "a_disabled_job_with_a_space" {
  command = plan

  variables {
    jobs_disabled = ["import rates"]
  }

  expect_failures = [var.jobs_disabled]
}

run "a_disabled_job_with_a_hyphen" {
  command = plan

  variables {
    jobs_disabled = ["import-rates"]
  }

  expect_failures = [var.jobs_disabled]
}

run "no_run_at_all" {
  command = plan

  variables {
    max_running = 0
  }

  expect_failures = [var.max_running]
}

run "a_time_zone_by_its_offset" {
  command = plan

  variables {
    time_zone = "+02:00"
  }

  expect_failures = [var.time_zone]
}

run "an_unknown_log_level" {
  command = plan

  variables {
    log_level = "TRACE"
  }

  expect_failures = [var.log_level]
}

run "a_heartbeat_by_http" {
  command = plan

  variables {
    heartbeat_url = "http://hc-ping.com/3f2a11c0"
  }

  expect_failures = [var.heartbeat_url]
}

run "a_docker_setting" {
  command = plan

  variables {
    app_settings = { DOCKER_CUSTOM_IMAGE_NAME = "other" }
  }

  expect_failures = [var.app_settings]
}

run "a_time_zone_for_the_host" {
  command = plan

  variables {
    app_settings = { WEBSITE_TIME_ZONE = "Europe/Berlin" }
  }

  expect_failures = [var.app_settings]
}

run "the_storage_account_s_name_among_the_settings" {
  command = plan

  variables {
    app_settings = { AzureWebJobsStorage__accountName = "other" }
  }

  expect_failures = [var.app_settings]
}

run "a_setting_with_a_hyphen" {
  command = plan

  variables {
    app_settings = { "RATES-URL" = "https://example.com/rates" }
  }

  expect_failures = [var.app_settings]
}

run "how_often_the_probe_may_fail" {
  command = plan

  variables {
    app_settings = { WEBSITE_HEALTHCHECK_MAXPINGFAILURES = "5" }
  }

  expect_failures = [var.app_settings]
}

run "a_user_name_with_a_space" {
  command = plan

  variables {
    admin_username = "the admin"
  }

  expect_failures = [var.admin_username]
}

run "a_domain_with_a_scheme" {
  command = plan

  variables {
    custom_domain = "https://jobs.example.com"
  }

  expect_failures = [var.custom_domain]
}

run "a_sign_in_by_a_tenants_name" {
  command = plan

  variables {
    sign_in = { tenant_id = "example.com", client_id = "11111111-0000-0000-0000-000000000000" }
  }

  expect_failures = [var.sign_in]
}

run "a_sign_in_with_a_secret_that_is_not_set" {
  command = plan

  variables {
    sign_in = { tenant_id = "00000000-0000-0000-0000-000000000000", client_id = "11111111-0000-0000-0000-000000000000", secret_setting = "SIGN_IN_SECRET" }
  }

  expect_failures = [var.sign_in]
}

run "a_sign_in_for_an_audience_with_a_space" {
  command = plan

  variables {
    sign_in = { tenant_id = "00000000-0000-0000-0000-000000000000", client_id = "11111111-0000-0000-0000-000000000000", audience = "the jobs" }
  }

  expect_failures = [var.sign_in]
}

run "the_identitys_setting_of_the_sign_in_by_hand" {
  command = plan

  variables {
    app_settings = { OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID = "11111111-0000-0000-0000-000000000000" }
  }

  expect_failures = [var.app_settings]
}

run "secrets_of_version_nothing" {
  command = plan

  variables {
    secret_version = 0
  }

  expect_failures = [var.secret_version]
}

run "a_server_name_with_a_dot" {
  command = plan

  variables {
    database_server_name = "a.b"
  }

  expect_failures = [var.database_server_name]
}

run "a_database_size_without_its_tier" {
  command = plan

  variables {
    database_sku = "B1ms"
  }

  expect_failures = [var.database_sku]
}

run "a_storage_size_that_azure_hasn_t" {
  command = plan

  variables {
    database_storage_mb = 40000
  }

  expect_failures = [var.database_storage_mb]
}

run "backups_of_a_day" {
  command = plan

  variables {
    database_backup_days = 1
  }

  expect_failures = [var.database_backup_days]
}

run "an_unknown_kind_of_availability" {
  command = plan

  variables {
    database_sku               = "GP_Standard_D2ds_v5"
    database_high_availability = "AnyZone"
  }

  expect_failures = [var.database_high_availability]
}

run "a_burstable_server_with_a_standby" {
  command = plan

  variables {
    database_high_availability = "SameZone"
  }

  expect_failures = [var.database_high_availability]
}

run "a_range_of_addresses" {
  command = plan

  variables {
    database_public_access_from = ["203.0.113.0/24"]
  }

  expect_failures = [var.database_public_access_from]
}

run "all_of_azure" {
  command = plan

  variables {
    database_public_access_from = ["0.0.0.0"]
  }

  expect_failures = [var.database_public_access_from]
}

run "an_administrator_without_an_id" {
  command = plan

  variables {
    database_administrators = { "ada@example.com" = { object_id = "ada" } }
  }

  expect_failures = [var.database_administrators]
}

run "an_address_without_an_at_sign" {
  command = plan

  variables {
    alert_emails = ["ops"]
  }

  expect_failures = [var.alert_emails]
}

run "lateness_of_nothing" {
  command = plan

  variables {
    alert_lateness_minutes = 0
  }

  expect_failures = [var.alert_lateness_minutes]
}

run "a_place_by_its_display_name" {
  command = plan

  variables {
    availability_test_locations = ["West Europe"]
  }

  expect_failures = [var.availability_test_locations]
}

run "a_budget_of_nothing" {
  command = plan

  variables {
    monthly_budget = 0.5
  }

  expect_failures = [var.monthly_budget]
}

run "logs_for_a_week" {
  command = plan

  variables {
    log_retention_days = 7
  }

  expect_failures = [var.log_retention_days]
}

run "no_logs" {
  command = plan

  variables {
    log_daily_quota_gb = 0
  }

  expect_failures = [var.log_daily_quota_gb]
}

run "a_network_that_is_too_small" {
  command = plan

  variables {
    address_space = "10.83.0.0/25"
  }

  expect_failures = [var.address_space]
}

run "a_network_by_one_of_its_hosts" {
  command = plan

  variables {
    address_space = "10.83.0.5/24"
  }

  expect_failures = [var.address_space]
}

run "a_network_of_public_addresses" {
  command = plan

  variables {
    address_space = "100.64.0.0/16"
  }

  expect_failures = [var.address_space]
}

run "a_deployer_by_name" {
  command = plan

  variables {
    deployers = ["ada@example.com"]
  }

  expect_failures = [var.deployers]
}

run "a_wait_of_an_hour" {
  command = plan

  variables {
    role_wait_seconds = 3600
  }

  expect_failures = [var.role_wait_seconds]
}

run "a_name_with_a_trademark" {
  command = plan

  variables {
    name = "my-windows-jobs"
  }

  expect_failures = [var.name]
}

run "a_name_whose_compact_form_has_one" {
  command = plan

  variables {
    name = "micro-soft"
  }

  expect_failures = [var.name]
}

run "a_name_that_begins_like_a_sign_in" {
  command = plan

  variables {
    name = "login-jobs"
  }

  expect_failures = [var.name]
}

run "a_name_that_azure_keeps" {
  command = plan

  variables {
    name = "office365"
  }

  expect_failures = [var.name]
}

run "a_tag_with_a_slash" {
  command = plan

  variables {
    tags = { "team/payments" = "1" }
  }

  expect_failures = [var.tags]
}

run "a_tag_that_begins_like_azure_s_own" {
  command = plan

  variables {
    tags = { "Microsoft-team" = "1" }
  }

  expect_failures = [var.tags]
}

run "a_tag_without_a_value" {
  command = plan

  variables {
    tags = { team = null }
  }

  expect_failures = [var.tags]
}

run "a_tag_that_is_set_here" {
  command = plan

  variables {
    tags = { Application = "payments" }
  }

  expect_failures = [var.tags]
}

run "a_tag_in_two_spellings" {
  command = plan

  variables {
    tags = { Team = "1", team = "2" }
  }

  expect_failures = [var.tags]
}

run "half_an_instance" {
  command = plan

  variables {
    plan_sku  = "P0v3"
    instances = { minimum = 1.5, maximum = 2 }
  }

  expect_failures = [var.instances]
}

run "a_weekday_7" {
  command = plan

  variables {
    job_schedules = { import_rates = "0 30 5 * * 7" }
  }

  expect_failures = [var.job_schedules]
}

run "a_second_99" {
  command = plan

  variables {
    job_schedules = { import_rates = "99 30 5 * * *" }
  }

  expect_failures = [var.job_schedules]
}

run "an_hour_24" {
  command = plan

  variables {
    job_schedules = { import_rates = "0 0 24 * * *" }
  }

  expect_failures = [var.job_schedules]
}

run "a_day_0_in_five_fields" {
  command = plan

  variables {
    job_schedules = { import_rates = "30 5 0 * *" }
  }

  expect_failures = [var.job_schedules]
}

run "a_month_by_no_name" {
  command = plan

  variables {
    job_schedules = { import_rates = "0 30 5 * Jum *" }
  }

  expect_failures = [var.job_schedules]
}

run "a_schedule_that_is_null" {
  command = plan

  variables {
    job_schedules = { import_rates = null }
  }

  expect_failures = [var.job_schedules]
}

run "two_jobs_with_one_setting" {
  command = plan

  variables {
    job_schedules = { "close-month" = "0 0 1 1 * *", close_month = "0 0 2 1 * *" }
  }

  expect_failures = [var.job_schedules]
}

run "a_job_disabled_in_two_spellings" {
  command = plan

  variables {
    jobs_disabled = ["prune_runs", "Prune_runs"]
  }

  expect_failures = [var.jobs_disabled]
}

run "a_city_without_its_area" {
  command = plan

  variables {
    time_zone = "Berlin"
  }

  expect_failures = [var.time_zone]
}

run "a_docker_setting_in_lower_case" {
  command = plan

  variables {
    app_settings = { docker_custom_image_name = "other" }
  }

  expect_failures = [var.app_settings]
}

run "a_setting_in_two_spellings" {
  command = plan

  variables {
    app_settings = { RATES_URL = "1", Rates_Url = "2" }
  }

  expect_failures = [var.app_settings]
}

run "a_setting_that_is_null" {
  command = plan

  variables {
    app_settings = { RATES_URL = null }
  }

  expect_failures = [var.app_settings]
}

run "a_private_address_10_1_2_3" {
  command = plan

  variables {
    database_public_access_from = ["10.1.2.3"]
  }

  expect_failures = [var.database_public_access_from]
}

run "a_private_address_172_20_0_1" {
  command = plan

  variables {
    database_public_access_from = ["172.20.0.1"]
  }

  expect_failures = [var.database_public_access_from]
}

run "a_private_address_192_168_0_10" {
  command = plan

  variables {
    database_public_access_from = ["192.168.0.10"]
  }

  expect_failures = [var.database_public_access_from]
}

run "a_private_address_100_100_0_1" {
  command = plan

  variables {
    database_public_access_from = ["100.100.0.1"]
  }

  expect_failures = [var.database_public_access_from]
}

run "a_private_address_127_0_0_1" {
  command = plan

  variables {
    database_public_access_from = ["127.0.0.1"]
  }

  expect_failures = [var.database_public_access_from]
}

run "a_private_address_169_254_1_1" {
  command = plan

  variables {
    database_public_access_from = ["169.254.1.1"]
  }

  expect_failures = [var.database_public_access_from]
}

run "an_administrator_that_is_null" {
  command = plan

  variables {
    database_administrators = { "ada@example.com" = null }
  }

  expect_failures = [var.database_administrators]
}

run "two_administrators_with_one_id" {
  command = plan

  variables {
    database_administrators = {
      "ada@example.com"   = { object_id = "aaaaaaaa-0000-0000-0000-000000000000" }
      "ada.l@example.com" = { object_id = "AAAAAAAA-0000-0000-0000-000000000000" }
    }
  }

  expect_failures = [var.database_administrators]
}

run "lateness_of_a_minute_and_a_half" {
  command = plan

  variables {
    alert_lateness_minutes = 1.5
  }

  expect_failures = [var.alert_lateness_minutes]
}

run "null_is_the_default" {
  command = plan

  variables {
    location                    = null
    tags                        = null
    plan_sku                    = null
    instances                   = null
    job_schedules               = null
    jobs_disabled               = null
    max_running                 = null
    time_zone                   = null
    log_level                   = null
    heartbeat_url               = null
    app_settings                = null
    admin_username              = null
    secret_version              = null
    database_sku                = null
    database_storage_mb         = null
    database_backup_days        = null
    database_geo_backup         = null
    database_public_access_from = null
    database_administrators     = null
    deletion_protection         = null
    alert_emails                = null
    alert_lateness_minutes      = null
    availability_test_locations = null
    monthly_budget              = null
    log_retention_days          = null
    log_daily_quota_gb          = null
    address_space               = null
    deployers                   = null
    role_wait_seconds           = null
  }
}

run "a_group_by_its_id" {
  command = plan

  variables {
    existing_resource_group = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/team"
  }

  expect_failures = [var.existing_resource_group]
}

run "a_network_by_its_name" {
  command = plan

  variables {
    existing_network = { id = "hub" }
  }

  expect_failures = [var.existing_network]
}

run "a_subnet_by_its_id" {
  command = plan

  variables {
    existing_network = { id = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/team/providers/Microsoft.Network/virtualNetworks/hub", app_subnet = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/team/providers/Microsoft.Network/virtualNetworks/hub/subnets/jobs" }
  }

  expect_failures = [var.existing_network]
}

run "a_zone_for_something_else" {
  command = plan

  variables {
    existing_network = { id = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/team/providers/Microsoft.Network/virtualNetworks/hub", private_dns_zone_id = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/team/providers/Microsoft.Network/privateDnsZones/privatelink.azurewebsites.net" }
  }

  expect_failures = [var.existing_network]
}

run "a_database_by_id_and_host" {
  command = plan

  variables {
    existing_database = { id = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/team/providers/Microsoft.DBforPostgreSQL/flexibleServers/shop/databases/shop", host = "db.example.com" }
  }

  expect_failures = [var.existing_database]
}

run "a_database_by_neither" {
  command = plan

  variables {
    existing_database = { role = "shop_jobs" }
  }

  expect_failures = [var.existing_database]
}

run "a_server_s_id_for_a_database" {
  command = plan

  variables {
    existing_database = { id = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/team/providers/Microsoft.DBforPostgreSQL/flexibleServers/shop" }
  }

  expect_failures = [var.existing_database]
}

run "a_host_with_a_scheme" {
  command = plan

  variables {
    existing_database = { host = "postgresql://db.example.com" }
  }

  expect_failures = [var.existing_database]
}

run "a_port_beyond_the_last" {
  command = plan

  variables {
    existing_database = { host = "db.example.com", port = 65536 }
  }

  expect_failures = [var.existing_database]
}

run "a_role_that_a_url_would_have_to_quote" {
  command = plan

  variables {
    existing_database = { host = "db.example.com", role = "shop jobs" }
  }

  expect_failures = [var.existing_database]
}

run "a_schema_that_is_not_nightshift_s_alone" {
  command = plan

  variables {
    existing_database = { host = "db.example.com", schema = "public" }
  }

  expect_failures = [var.existing_database]
}

run "a_schema_that_sql_would_have_to_quote" {
  command = plan

  variables {
    existing_database = { host = "db.example.com", schema = "Jobs" }
  }

  expect_failures = [var.existing_database]
}

run "an_existing_database_with_a_firewall" {
  command = plan

  variables {
    existing_database           = { host = "db.example.com" }
    database_public_access_from = ["203.0.113.7"]
  }

  expect_failures = [var.existing_database]
}

run "a_registry_by_its_name" {
  command = plan

  variables {
    existing_registry_id = "teamimages"
  }

  expect_failures = [var.existing_registry_id]
}

run "a_workspace_by_its_name" {
  command = plan

  variables {
    existing_log_analytics_workspace_id = "team"
  }

  expect_failures = [var.existing_log_analytics_workspace_id]
}
