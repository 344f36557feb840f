# For the host: leases of timers, keys, and the doorbell. One account for each app: two apps on one may share a host id.
resource "azurerm_storage_account" "main" {
  name                     = local.compact_name
  resource_group_name      = local.group_name
  location                 = local.location
  account_tier             = "Standard"
  account_replication_type = "LRS"
  # Only Elastic Premium's content share needs a key.
  shared_access_key_enabled       = local.plan_is_elastic
  default_to_oauth_authentication = true
  allow_nested_items_to_be_public = false
  local_user_enabled              = false
  min_tls_version                 = "TLS1_2"
  tags                            = local.tags
}

resource "azurerm_storage_queue" "runs" {
  name               = "jobs-runs"
  storage_account_id = azurerm_storage_account.main.id
}

# The host would create it at the first poisoned message. Created here, it can be monitored before that.
resource "azurerm_storage_queue" "poison" {
  name               = "jobs-runs-poison"
  storage_account_id = azurerm_storage_account.main.id
}

resource "azurerm_storage_share" "content" {
  count = local.plan_is_elastic ? 1 : 0

  name               = local.unique_name
  storage_account_id = azurerm_storage_account.main.id
  quota              = 5
}
