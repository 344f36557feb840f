# The app's identity for storage, vault, registry, telemetry and, with rights on rows only, the database.
resource "azurerm_user_assigned_identity" "app" {
  name                = "${local.unique_name}-app"
  resource_group_name = local.group_name
  location            = local.location
  tags                = local.tags
}

# Owns the tables. The container uses it to migrate before the host starts, and for nothing else.
resource "azurerm_user_assigned_identity" "migration" {
  name                = "${local.unique_name}-migration"
  resource_group_name = local.group_name
  location            = local.location
  tags                = local.tags
}

locals {
  # The host's leases and keys are blobs, and the doorbell is a queue. No tables or files are used.
  app_roles = {
    registry  = { role = "AcrPull", scope = local.registry_id }
    blobs     = { role = "Storage Blob Data Owner", scope = azurerm_storage_account.main.id }
    queues    = { role = "Storage Queue Data Contributor", scope = azurerm_storage_account.main.id }
    secrets   = { role = "Key Vault Secrets User", scope = azurerm_key_vault.main.id }
    telemetry = { role = "Monitoring Metrics Publisher", scope = azurerm_application_insights.main.id }
  }
  # Azure returns ids in lower case. With capitals every plan would replace the role.
  deployers = length(var.deployers) > 0 ? toset([for id in var.deployers : lower(id)]) : toset([data.azurerm_client_config.current.object_id])
}

resource "azurerm_role_assignment" "app" {
  for_each = local.app_roles

  scope                = each.value.scope
  role_definition_name = each.value.role
  principal_id         = azurerm_user_assigned_identity.app.principal_id
  # Otherwise Azure looks the identity up in Entra ID, which may not know it yet.
  principal_type = "ServicePrincipal"
}

resource "azurerm_role_assignment" "deployer" {
  for_each = local.deployers

  scope                = azurerm_key_vault.main.id
  role_definition_name = "Key Vault Secrets Officer"
  principal_id         = each.value

  lifecycle {
    precondition {
      condition     = contains(local.deployers, lower(data.azurerm_client_config.current.object_id))
      error_message = "deployers lacks whoever applies this, and without the right to the vault's secrets no later plan would work. Add \"${data.azurerm_client_config.current.object_id}\" to it."
    }
  }
}

# A new role reaches every part of Azure about a minute later. An app that starts before that gets no image and no secret, and
# retries only hours later.
resource "terraform_data" "roles_known" {
  triggers_replace = [
    [for assignment in azurerm_role_assignment.app : assignment.id],
    [for assignment in azurerm_role_assignment.deployer : assignment.id],
  ]

  provisioner "local-exec" {
    command = "sleep ${var.role_wait_seconds}"
  }
}
