output "url" {
  description = "The site's address."
  value       = "https://${var.custom_domain == null ? azurerm_linux_function_app.main.default_hostname : var.custom_domain}/"
}

output "function_app" {
  description = "The function app's name, for `az functionapp` and `az webapp`."
  value       = azurerm_linux_function_app.main.name
}

output "resource_group" {
  description = "The resource group's name."
  value       = local.group_name
}

output "image" {
  description = "The image that runs. To roll back to it later, give its tag."
  value       = "${local.image_server}/${local.image_complete}"
}

output "release" {
  description = "The release that runs and attempts record."
  value       = local.image_release
}

output "registry" {
  description = "The container registry's name, for `az acr`."
  value       = local.registry_name
}

output "key_vault" {
  description = "The Key Vault's name, for `az keyvault secret show --name admin-password`."
  value       = azurerm_key_vault.main.name
}

output "database_server" {
  description = "The database server's name, for `az postgres flexible-server`."
  value       = local.database_is_ours ? azurerm_postgresql_flexible_server.main[0].name : local.database_by_id ? split("/", var.existing_database.id)[8] : local.database_host
}

output "database_grants" {
  description = "For an existing database: the commands that create its two roles. The server's Entra administrator runs them once; with --dry-run they print the SQL."
  value = local.database_is_ours ? [] : concat(
    try(var.existing_database.migrate, true) ? ["${local.grant_identity} ${local.database_roles.migration} --object-id ${azurerm_user_assigned_identity.migration.principal_id} --may-migrate"] : [],
    ["${local.grant_identity} ${local.database_roles.app} --object-id ${azurerm_user_assigned_identity.app.principal_id}"],
  )
}

output "outbound_addresses" {
  description = "The addresses that the app may come from, for the firewall of an existing database that is public."
  value       = azurerm_linux_function_app.main.possible_outbound_ip_address_list
}

output "identity" {
  description = "The app's identity, to grant it rights on what your own commands use."
  value = {
    name         = azurerm_user_assigned_identity.app.name
    client_id    = azurerm_user_assigned_identity.app.client_id
    principal_id = azurerm_user_assigned_identity.app.principal_id
  }
}

output "custom_domain_records" {
  description = "The DNS records to create before custom_domain is set: the name as a CNAME, and asuid.NAME as a TXT."
  # Only because azurerm marks the second value as sensitive.
  sensitive = true
  value = {
    CNAME = azurerm_linux_function_app.main.default_hostname
    TXT   = azurerm_linux_function_app.main.custom_domain_verification_id
  }
}

output "sign_in_registration" {
  description = "With sign_in: the redirect addresses of the app registration, and the federated credential by which the app's identity stands for it."
  value = var.sign_in == null ? null : {
    redirect_uris = [for host in compact([azurerm_linux_function_app.main.default_hostname, var.custom_domain]) : "https://${host}/.auth/login/aad/callback"]
    federated_credential = {
      issuer    = "https://login.microsoftonline.com/${var.sign_in.tenant_id}/v2.0"
      subject   = azurerm_user_assigned_identity.app.principal_id
      audiences = ["api://AzureADTokenExchange"]
    }
  }
}
