# All of it, made of mocks: every reference resolves, and every id can be read by what it is given to.

mock_provider "azurerm" {
  source = "./tests/mocks"
}

variables {
  name = "nightshift"
  # Nothing is built, and nobody is waited for.
  image             = { tag = "4f0c2d9a1b7e" }
  role_wait_seconds = 0
}

run "by_default" {
  command = apply

  assert {
    condition     = output.url == "https://nightshift.azurewebsites.net/"
    error_message = "The dashboard is at the root."
  }

  assert {
    condition     = output.image == "nightshift.azurecr.io/nightshift:4f0c2d9a1b7e"
    error_message = "The image comes from the registry made here."
  }

  assert {
    condition     = startswith(azurerm_linux_function_app.main.app_settings["DATABASE_URL"], "postgresql://nightshift-") && strcontains(azurerm_linux_function_app.main.app_settings["DATABASE_URL"], "-app@nightshift.postgres.database.azure.com:5432/nightshift?sslmode=require")
    error_message = "The app is the app at its database."
  }

  assert {
    condition     = strcontains(azurerm_linux_function_app.main.app_settings["JOBS_MIGRATE_URL"], "-migration@")
    error_message = "Migrations belong to their own identity."
  }

  assert {
    condition     = azurerm_linux_function_app.main.app_settings["SECRET_KEY"] == "@Microsoft.KeyVault(SecretUri=https://nightshift.vault.azure.net/secrets/secret)"
    error_message = "The key stays in the vault."
  }
}

run "another_image" {
  command = apply

  variables {
    image = { tag = "9e8d7c6b5a40" }
  }

  assert {
    condition     = azurerm_linux_function_app.main.site_config[0].application_stack[0].docker[0].image_tag == "9e8d7c6b5a40" && azurerm_linux_function_app.main.app_settings["JOBS_RELEASE"] == "9e8d7c6b5a40"
    error_message = "The new image, and its name as the release."
  }
}

run "elastic_premium_with_public_access_and_a_domain" {
  command = apply

  variables {
    plan_sku                    = "EP1"
    database_public_access_from = ["203.0.113.7"]
    custom_domain               = "jobs.example.com"
  }

  assert {
    condition     = output.url == "https://jobs.example.com/" && azurerm_private_endpoint.database[0].private_service_connection[0].subresource_names[0] == "postgresqlServer"
    error_message = "All options at once."
  }
}
