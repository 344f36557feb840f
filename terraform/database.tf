locals {
  database_is_ours   = var.existing_database == null
  database_is_public = local.database_is_ours && length(var.database_public_access_from) > 0
  # Each size's default tier. The provider rejects a tier that is too small for the size.
  database_storage_tiers = {
    32768 = "P4", 65536 = "P6", 131072 = "P10", 262144 = "P15", 524288 = "P20", 1048576 = "P30", 2097152 = "P40"
  }
  # A server's user connections depend on its memory in GiB: Azure's table of July 2025.
  # Of a server that is known by its host alone, nothing is known: the smallest, then.
  database_size = local.database_is_ours ? var.database_sku : try(data.azurerm_postgresql_flexible_server.existing[0].sku_name, "B_Standard_B1ms")
  database_memory = lookup(
    { B_Standard_B1ms = 2, B_Standard_B2s = 4 }, local.database_size,
    tonumber(regex("Standard_[A-Z]+([0-9]+)", local.database_size)[0]) * (startswith(local.database_size, "MO_") ? 8 : 4)
  )
  database_connections = max([
    for memory, connections in { 2 = 35, 4 = 414, 8 = 844, 16 = 1703, 32 = 3422, 48 = 4985 } :
    connections if local.database_memory >= tonumber(memory)
  ]...)
}

resource "azurerm_postgresql_flexible_server" "main" {
  count = local.database_is_ours ? 1 : 0

  name                = coalesce(var.database_server_name, local.unique_name)
  resource_group_name = local.group_name
  location            = local.location
  # The major version that tests and laptops use.
  version                       = "18"
  sku_name                      = var.database_sku
  storage_mb                    = var.database_storage_mb
  storage_tier                  = local.database_storage_tiers[var.database_storage_mb]
  auto_grow_enabled             = true
  backup_retention_days         = var.database_backup_days
  geo_redundant_backup_enabled  = var.database_geo_backup
  public_network_access_enabled = local.database_is_public
  delegated_subnet_id           = local.database_is_public ? null : local.database_subnet_id
  private_dns_zone_id           = local.database_is_public ? null : local.zone_id
  tags                          = local.tags

  authentication {
    active_directory_auth_enabled = true
    password_auth_enabled         = false
    tenant_id                     = data.azurerm_client_config.current.tenant_id
  }

  dynamic "high_availability" {
    for_each = var.database_high_availability == null ? [] : [var.database_high_availability]

    content {
      mode = high_availability.value
    }
  }

  # Until the zone is linked, the server's name can't be resolved, and its creation fails.
  depends_on = [azurerm_private_dns_zone_virtual_network_link.database, terraform_data.delegation]

  lifecycle {
    precondition {
      condition     = var.database_high_availability == null || try(terraform_data.made_with["high_availability"].output == var.database_high_availability, false)
      error_message = "The standby was made as ${try(terraform_data.made_with["high_availability"].output, "another kind")}, and Azure can't change it into another kind. Set database_high_availability = null and apply, then \"${coalesce(var.database_high_availability, "-")}\" and apply."
    }

    ignore_changes = [
      # Azure chooses the zones, and a failover swaps them.
      zone,
      high_availability[0].standby_availability_zone,
      # Storage grows by itself. Returning to the first size would create a new, empty server.
      storage_mb,
      storage_tier,
    ]
  }
}

# Changes with each new server, even one of the same name. The administrators, known by that name, are then created again, and
# the app restarts on the new, empty database.
resource "terraform_data" "database_server" {
  count = local.database_is_ours ? 1 : 0

  triggers_replace = [azurerm_postgresql_flexible_server.main[0].id]
}

# prevent_destroy can't depend on a variable, and on the server it would block the destroy of every trial. So this guard has
# it: a plan that replaces or destroys the server does the same to the guard, and fails. `terraform state rm` removes it.
resource "terraform_data" "database_guard" {
  count = local.database_is_ours && var.deletion_protection ? 1 : 0

  triggers_replace = [azurerm_postgresql_flexible_server.main[0].id]

  lifecycle {
    prevent_destroy = true
  }
}

# azurerm can only make an identity an administrator. So the migrating identity is one, and creates the app's role by SQL
# (`manage.py grant_identity`), with rights on rows only.
resource "azurerm_postgresql_flexible_server_active_directory_administrator" "migration" {
  count = local.database_is_ours ? 1 : 0

  server_name         = azurerm_postgresql_flexible_server.main[0].name
  resource_group_name = local.group_name
  tenant_id           = data.azurerm_client_config.current.tenant_id
  object_id           = azurerm_user_assigned_identity.migration.principal_id
  principal_name      = azurerm_user_assigned_identity.migration.name
  principal_type      = "ServicePrincipal"

  lifecycle {
    replace_triggered_by = [terraform_data.database_server]
  }
}

# `manage.py migrate` may create the extension by which the admin finds words in the errors of all runs.
resource "azurerm_postgresql_flexible_server_configuration" "extensions" {
  count = local.database_is_ours ? 1 : 0

  name      = "azure.extensions"
  server_id = azurerm_postgresql_flexible_server.main[0].id
  value     = "PG_TRGM"

  # The server accepts one change at a time.
  depends_on = [azurerm_postgresql_flexible_server_active_directory_administrator.migration]

  lifecycle {
    # Your own commands may need more extensions: list them in the portal.
    ignore_changes = [value]
  }
}

resource "azurerm_postgresql_flexible_server_database" "main" {
  count = local.database_is_ours ? 1 : 0

  name      = "nightshift"
  server_id = azurerm_postgresql_flexible_server.main[0].id
  charset   = "UTF8"
  collation = "en_US.utf8"

  # Without an administrator the database would belong to Azure, and nobody could grant rights on it. On destroy it must go
  # before the owner of its tables, who can't be removed while owning any.
  depends_on = [
    azurerm_postgresql_flexible_server_active_directory_administrator.migration,
    azurerm_postgresql_flexible_server_configuration.extensions,
  ]
}

resource "azurerm_postgresql_flexible_server_active_directory_administrator" "person" {
  for_each = var.database_administrators

  server_name         = azurerm_postgresql_flexible_server.main[0].name
  resource_group_name = local.group_name
  tenant_id           = data.azurerm_client_config.current.tenant_id
  object_id           = lower(each.value.object_id)
  principal_name      = each.key
  principal_type      = each.value.type

  # The server accepts one change at a time.
  depends_on = [azurerm_postgresql_flexible_server_database.main]

  lifecycle {
    replace_triggered_by = [terraform_data.database_server]
  }
}

resource "azurerm_postgresql_flexible_server_firewall_rule" "public" {
  for_each = var.database_public_access_from

  name             = "from-${replace(each.value, ".", "-")}"
  server_id        = azurerm_postgresql_flexible_server.main[0].id
  start_ip_address = each.value
  end_ip_address   = each.value

  depends_on = [azurerm_postgresql_flexible_server_database.main]
}
