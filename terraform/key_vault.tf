resource "azurerm_key_vault" "main" {
  name                       = local.unique_name
  resource_group_name        = local.group_name
  location                   = local.location
  tenant_id                  = data.azurerm_client_config.current.tenant_id
  sku_name                   = "standard"
  rbac_authorization_enabled = true
  # Everything in it can be generated again, and an unpurgeable vault would block its name for the next apply.
  purge_protection_enabled   = false
  soft_delete_retention_days = 7
  tags                       = local.tags
}

# Write-only: the values are generated during the apply and are in neither plan nor state.
resource "azurerm_key_vault_secret" "secret_key" {
  name             = "secret-key"
  key_vault_id     = azurerm_key_vault.main.id
  content_type     = "Django's SECRET_KEY"
  value_wo         = sha512("${uuid()}${uuid()}")
  value_wo_version = var.secret_version
  tags             = local.tags

  depends_on = [terraform_data.roles_known]
}

resource "azurerm_key_vault_secret" "admin_password" {
  name             = "admin-password"
  key_vault_id     = azurerm_key_vault.main.id
  content_type     = "The first sign-in"
  value_wo         = substr(sha512("${uuid()}${uuid()}"), 0, 32)
  value_wo_version = var.secret_version
  tags             = local.tags

  depends_on = [terraform_data.roles_known]
}
