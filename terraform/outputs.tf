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
  value       = azurerm_resource_group.main.name
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
  value       = azurerm_container_registry.main.name
}

output "key_vault" {
  description = "The Key Vault's name, for `az keyvault secret show --name admin-password`."
  value       = azurerm_key_vault.main.name
}

output "database_server" {
  description = "The database server's name, for `az postgres flexible-server`."
  value       = azurerm_postgresql_flexible_server.main.name
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
