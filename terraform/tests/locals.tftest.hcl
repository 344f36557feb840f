# What follows from the variables alone. No assertion asks a resource: the Python tests run these where no provider is.

mock_provider "azurerm" {
  source = "./tests/mocks"
}

variables {
  name = "nightshift"
}

run "a_name_is_all_it_takes" {
  command = plan

  assert {
    condition     = length(local.unique_name) <= 32 && length(local.compact_name) <= 24 && can(regex("^nightshift-[a-z0-9]{6}$", local.unique_name))
    error_message = "The app's name is its host id; the storage account's has 24 characters."
  }

  assert {
    condition     = local.image_is_built && can(regex("^nightshift:[0-9a-f]{12}$", local.image_complete)) && local.image_release == local.image_tag
    error_message = "Without an image, one is built, under the hash of its source."
  }

  assert {
    condition     = !local.plan_is_elastic && !local.plan_autoscales && !local.database_is_public
    error_message = "By default the plan is dedicated, doesn't scale, and the database is private."
  }

  assert {
    condition     = length(local.settings_of_elastic_premium) + length(local.settings_of_jobs) + length(local.settings_of_the_domain) + length(local.settings_of_the_watch) + length(local.settings_of_the_sign_in) == 0
    error_message = "No setting without a reason."
  }

  assert {
    condition     = local.database_connections == 35 && local.worker_threads == 16 && local.database_storage_tiers[var.database_storage_mb] == "P4"
    error_message = "The smallest server, and no more threads than it has connections for."
  }
}

run "the_longest_name_fits_everywhere" {
  command = plan

  variables {
    name = "abcdefghijklmnop"
  }

  assert {
    condition     = length(local.unique_name) == 23 && length(local.compact_name) == 22
    error_message = "A Key Vault's and a storage account's names have up to 24 characters."
  }
}

run "the_source_is_what_goes_into_the_image" {
  command = plan

  assert {
    condition     = alltrue([for name in ["Dockerfile", ".dockerignore", "requirements.txt", "host.json", "container/start.sh", "jobs/execution/tick.py"] : contains(local.source_files, name)])
    error_message = "A change of any of these is a new image."
  }

  assert {
    condition     = length([for name in local.source_files : name if can(regex("^(terraform|tests|docs|\\.git|\\.venv|\\.local)/|\\.md$|\\.pyc$|tfstate", name)) && !startswith(name, "examples/")]) == 0
    error_message = "A change of what .dockerignore names isn't."
  }
}

run "a_tag_is_taken_as_it_is" {
  command = plan

  variables {
    image = { tag = "v1.4.0" }
  }

  assert {
    condition     = !local.image_is_built && local.image_complete == "nightshift:v1.4.0" && local.image_by_role && local.image_release == "v1.4.0"
    error_message = "An image that is given isn't built."
  }
}

run "a_digest_is_split_for_azurerm" {
  command = plan

  variables {
    image = { digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" }
  }

  assert {
    condition     = local.image_release == "0123456789ab" && startswith(local.image_complete, "nightshift@sha256:0123")
    error_message = "A digest is told by its first twelve digits."
  }
}

run "a_public_registry_is_not_asked_by_role" {
  command = plan

  variables {
    image = { server = "ghcr.io", repository = "example/nightshift", tag = "1" }
  }

  assert {
    condition     = !local.image_by_role && local.image_server == "ghcr.io" && local.image_repository == "example/nightshift"
    error_message = "An identity's token means nothing outside Azure."
  }
}

run "another_azure_registry_is" {
  command = plan

  variables {
    image = { server = "team.azurecr.io", tag = "1" }
  }

  assert {
    condition     = local.image_by_role && !local.image_is_ours
    error_message = "The app's identity may have AcrPull there."
  }
}

run "jobs_get_their_settings" {
  command = plan

  variables {
    job_schedules = { import_rates = "0 30 5 * * *", "close-month" = "0 0 1 1 * *" }
    jobs_disabled = ["prune_runs"]
  }

  assert {
    condition = jsonencode(local.settings_of_jobs) == jsonencode({
      JOBS_SCHEDULE__IMPORT_RATES        = "0 30 5 * * *"
      JOBS_SCHEDULE__CLOSE_MONTH         = "0 0 1 1 * *"
      "AzureWebJobs.prune_runs.Disabled" = "1"
    })
    error_message = "As jobs/declarations/declare.py and jobs/declarations/disabled.py read them."
  }
}

run "elastic_premium_has_its_share" {
  command = plan

  variables {
    plan_sku  = "EP1"
    instances = { minimum = 1, maximum = 5 }
  }

  assert {
    condition     = local.plan_is_elastic && !local.plan_autoscales && join(" ", keys(local.settings_of_elastic_premium)) == "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING WEBSITE_CONTENTSHARE"
    error_message = "Elastic Premium scales by itself, by a content share."
  }
}

run "a_premium_plan_scales_by_rules" {
  command = plan

  variables {
    plan_sku  = "P0v3"
    instances = { maximum = 3 }
  }

  assert {
    condition     = local.plan_autoscales
    error_message = "S and P take Azure Monitor's rules."
  }
}

run "a_burstable_server_gives_by_its_memory" {
  command = plan

  variables {
    database_sku = "B_Standard_B20ms"
  }

  assert {
    condition     = local.database_memory == 80 && local.database_connections == 4985
    error_message = "4 GiB a core."
  }
}

run "so_does_one_with_more_memory_than_cores" {
  command = plan

  variables {
    database_sku = "MO_Standard_E4ads_v5"
  }

  assert {
    condition     = local.database_memory == 32 && local.database_connections == 3422
    error_message = "8 GiB a core."
  }
}

run "a_domain_is_allowed_and_trusted" {
  command = plan

  variables {
    custom_domain = "jobs.example.com"
  }

  assert {
    condition     = local.settings_of_the_domain.ALLOWED_HOSTS == "jobs.example.com" && local.settings_of_the_domain.CSRF_TRUSTED_ORIGINS == "https://jobs.example.com"
    error_message = "Django refuses hosts and origins that it isn't told."
  }

  assert {
    condition     = local.settings_of_the_domain.JOBS_URL == "https://jobs.example.com"
    error_message = "Messages link to the address that people use."
  }
}

run "a_secret_of_ones_own_stands_for_the_registration" {
  command = plan

  variables {
    app_settings = { SIGN_IN_SECRET = "@Microsoft.KeyVault(SecretUri=https://vault.example.com/secrets/sign-in)" }
    sign_in = {
      tenant_id      = "00000000-0000-0000-0000-000000000000"
      client_id      = "11111111-0000-0000-0000-000000000000"
      audience       = "api://11111111-0000-0000-0000-000000000000"
      secret_setting = "SIGN_IN_SECRET"
    }
  }

  assert {
    condition = local.settings_of_the_sign_in == tomap({
      JOBS_TRUST_APP_SERVICE_AUTH = "1"
      JOBS_ENTRA_TENANT           = "00000000-0000-0000-0000-000000000000"
      JOBS_ENTRA_AUDIENCE         = "api://11111111-0000-0000-0000-000000000000"
    })
    error_message = "The app trusts the headers, and takes tokens of the same registration."
  }
}

run "what_the_messages_show_is_valid" {
  command = plan

  variables {
    subscription_id             = "00000000-0000-0000-0000-000000000000"
    suffix                      = "7f3a9c"
    location                    = "swedencentral"
    tags                        = { team = "payments" }
    image                       = { tag = "4f0c2d9a1b7e" }
    plan_sku                    = "P0v3"
    instances                   = { minimum = 1, maximum = 3 }
    job_schedules               = { import_rates = "0 30 5 * * *" }
    jobs_disabled               = ["import_rates"]
    max_running                 = 4
    time_zone                   = "Europe/Berlin"
    log_level                   = "INFO"
    heartbeat_url               = "https://hc-ping.com/3f2a11c0-0000-4000-8000-8d2f5b1cffee"
    app_settings                = { RATES_URL = "https://example.com/rates" }
    admin_username              = "admin"
    custom_domain               = "jobs.example.com"
    sign_in                     = { tenant_id = "00000000-0000-0000-0000-000000000000", client_id = "11111111-0000-0000-0000-000000000000" }
    secret_version              = 2
    database_server_name        = "nightshift-restored"
    database_sku                = "GP_Standard_D2ds_v5"
    database_storage_mb         = 65536
    database_backup_days        = 14
    database_geo_backup         = true
    database_high_availability  = "ZoneRedundant"
    database_public_access_from = ["203.0.113.7"]
    database_administrators     = { "ada@example.com" = { object_id = "00000000-0000-0000-0000-000000000000" } }
    alert_emails                = ["ops@example.com"]
    alert_lateness_minutes      = 10
    availability_test_locations = ["emea-nl-ams-azr"]
    monthly_budget              = 100
    log_retention_days          = 30
    log_daily_quota_gb          = 1
    address_space               = "10.83.0.0/24"
    deployers                   = ["00000000-0000-0000-0000-000000000000"]
    role_wait_seconds           = 90
  }

  assert {
    condition     = local.unique_name == "nightshift-7f3a9c" && local.database_is_public && local.database_connections == 844 && local.worker_threads == 32
    error_message = "All of it at once."
  }

  assert {
    condition     = local.settings_of_the_watch.JOBS_HEARTBEAT_URL == var.heartbeat_url
    error_message = "The tick asks for the watch's URL."
  }
}
