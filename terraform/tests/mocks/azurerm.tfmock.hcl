# What azurerm computes, well-formed: other resources parse these ids.

mock_data "azurerm_client_config" {
  defaults = {
    client_id       = "11111111-1111-1111-1111-111111111111"
    object_id       = "22222222-2222-2222-2222-222222222222"
    subscription_id = "33333333-3333-3333-3333-333333333333"
    tenant_id       = "44444444-4444-4444-4444-444444444444"
  }
}

mock_data "azurerm_resource_group" {
  defaults = {
    id       = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/team"
    location = "westeurope"
    tags     = {}
  }
}

mock_data "azurerm_virtual_network" {
  defaults = {
    location      = "westeurope"
    address_space = ["10.1.0.0/16"]
    tags          = {}
  }
}

mock_data "azurerm_container_registry" {
  defaults = {
    login_server = "teamimages.azurecr.io"
    tags         = {}
  }
}

mock_data "azurerm_log_analytics_workspace" {
  defaults = {
    id   = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/team/providers/Microsoft.OperationalInsights/workspaces/team"
    tags = {}
  }
}

mock_data "azurerm_postgresql_flexible_server" {
  defaults = {
    fqdn     = "shop.postgres.database.azure.com"
    sku_name = "GP_Standard_D2ds_v5"
    tags     = {}
  }
}

mock_resource "azurerm_resource_group" {
  defaults = {
    id = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/nightshift"
  }
}

mock_resource "azurerm_user_assigned_identity" {
  defaults = {
    id           = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/nightshift/providers/Microsoft.ManagedIdentity/userAssignedIdentities/nightshift"
    client_id    = "55555555-5555-5555-5555-555555555555"
    principal_id = "66666666-6666-6666-6666-666666666666"
    tenant_id    = "44444444-4444-4444-4444-444444444444"
  }
}

mock_resource "azurerm_virtual_network" {
  defaults = {
    id = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/nightshift/providers/Microsoft.Network/virtualNetworks/nightshift"
  }
}

mock_resource "azurerm_subnet" {
  defaults = {
    id = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/nightshift/providers/Microsoft.Network/virtualNetworks/nightshift/subnets/one"
  }
}

mock_resource "azurerm_private_dns_zone" {
  defaults = {
    id = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/nightshift/providers/Microsoft.Network/privateDnsZones/nightshift.private.postgres.database.azure.com"
  }
}

mock_resource "azurerm_container_registry" {
  defaults = {
    id           = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/nightshift/providers/Microsoft.ContainerRegistry/registries/nightshift"
    login_server = "nightshift.azurecr.io"
  }
}

mock_resource "azurerm_storage_account" {
  defaults = {
    id                        = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/nightshift/providers/Microsoft.Storage/storageAccounts/nightshift"
    primary_connection_string = "DefaultEndpointsProtocol=https;AccountName=nightshift;AccountKey=bW9jaw==;EndpointSuffix=core.windows.net"
  }
}

mock_resource "azurerm_key_vault" {
  defaults = {
    id        = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/nightshift/providers/Microsoft.KeyVault/vaults/nightshift"
    vault_uri = "https://nightshift.vault.azure.net/"
  }
}

mock_resource "azurerm_key_vault_secret" {
  defaults = {
    id             = "https://nightshift.vault.azure.net/secrets/secret/00000000000000000000000000000000"
    versionless_id = "https://nightshift.vault.azure.net/secrets/secret"
  }
}

mock_resource "azurerm_postgresql_flexible_server" {
  defaults = {
    id   = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/nightshift/providers/Microsoft.DBforPostgreSQL/flexibleServers/nightshift"
    fqdn = "nightshift.postgres.database.azure.com"
  }
}

mock_resource "azurerm_postgresql_flexible_server_database" {
  defaults = {
    id = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/nightshift/providers/Microsoft.DBforPostgreSQL/flexibleServers/nightshift/databases/nightshift"
  }
}

mock_resource "azurerm_log_analytics_workspace" {
  defaults = {
    id = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/nightshift/providers/Microsoft.OperationalInsights/workspaces/nightshift"
  }
}

mock_resource "azurerm_application_insights" {
  defaults = {
    id                = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/nightshift/providers/Microsoft.Insights/components/nightshift"
    connection_string = "InstrumentationKey=77777777-7777-7777-7777-777777777777;IngestionEndpoint=https://swedencentral.in.applicationinsights.azure.com/"
  }
}

mock_resource "azurerm_application_insights_standard_web_test" {
  defaults = {
    id = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/nightshift/providers/Microsoft.Insights/webTests/nightshift"
  }
}

mock_resource "azurerm_monitor_action_group" {
  defaults = {
    id = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/nightshift/providers/Microsoft.Insights/actionGroups/nightshift"
  }
}

mock_resource "azurerm_service_plan" {
  defaults = {
    id = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/nightshift/providers/Microsoft.Web/serverFarms/nightshift"
  }
}

mock_resource "azurerm_linux_function_app" {
  defaults = {
    id                            = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/nightshift/providers/Microsoft.Web/sites/nightshift"
    default_hostname              = "nightshift.azurewebsites.net"
    custom_domain_verification_id = "0000000000000000000000000000000000000000000000000000000000000000"
  }
}

mock_resource "azurerm_app_service_custom_hostname_binding" {
  defaults = {
    id = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/nightshift/providers/Microsoft.Web/sites/nightshift/hostNameBindings/jobs.example.com"
  }
}

mock_resource "azurerm_app_service_managed_certificate" {
  defaults = {
    id = "/subscriptions/33333333-3333-3333-3333-333333333333/resourceGroups/nightshift/providers/Microsoft.Web/certificates/jobs.example.com"
  }
}
