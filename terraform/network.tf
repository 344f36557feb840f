resource "azurerm_virtual_network" "main" {
  count = var.existing_network == null ? 1 : 0

  name                = "${var.name}-network"
  resource_group_name = local.group_name
  location            = local.location
  address_space       = [var.address_space]
  tags                = local.tags
}

# The plan's own subnet, delegated to it. A /26 has room for scaling out and for changes of size.
resource "azurerm_subnet" "app" {
  count = local.subnets_given.app ? 0 : 1

  name                 = "${local.subnet_prefix}app"
  resource_group_name  = local.network_group_name
  virtual_network_name = local.network_name
  address_prefixes     = [local.subnets[0]]

  delegation {
    name = "plan"

    service_delegation {
      name    = "Microsoft.Web/serverFarms"
      actions = ["Microsoft.Network/virtualNetworks/subnets/action"]
    }
  }
}

# PostgreSQL's own subnet.
resource "azurerm_subnet" "database" {
  count = local.subnets_given.database ? 0 : 1

  name                 = "${local.subnet_prefix}database"
  resource_group_name  = local.network_group_name
  virtual_network_name = local.network_name
  address_prefixes     = [local.subnets[1]]

  # PostgreSQL adds it for its backups. Without this block every plan would remove it.
  service_endpoint {
    service = "Microsoft.Storage"
  }

  delegation {
    name = "database"

    service_delegation {
      name    = "Microsoft.DBforPostgreSQL/flexibleServers"
      actions = ["Microsoft.Network/virtualNetworks/subnets/join/action"]
    }
  }
}

# With public access the server is outside the network, and the app reaches it by a private endpoint.
resource "azurerm_subnet" "endpoint" {
  count = local.subnets_given.endpoint ? 0 : 1

  name                 = "${local.subnet_prefix}endpoint"
  resource_group_name  = local.network_group_name
  virtual_network_name = local.network_name
  address_prefixes     = [local.subnets[2]]
}

resource "azurerm_private_dns_zone" "database" {
  count = local.zone_is_ours ? 1 : 0

  # Azure fixes the zone's name for an endpoint. A server in the network may use any name below this domain.
  name                = local.database_is_public ? "privatelink.postgres.database.azure.com" : "${local.unique_name}.private.postgres.database.azure.com"
  resource_group_name = local.group_name
  tags                = local.tags
}

resource "azurerm_private_dns_zone_virtual_network_link" "database" {
  count = local.zone_is_ours ? 1 : 0

  name                = "${var.name}-network"
  private_dns_zone_id = azurerm_private_dns_zone.database[0].id
  virtual_network_id  = local.network_id
  tags                = local.tags

  # Destroy the link first: while it exists, PostgreSQL's subnet is in use.
  depends_on = [azurerm_subnet.database]
}

resource "azurerm_private_endpoint" "database" {
  count = local.database_is_public ? 1 : 0

  name                = "${var.name}-database"
  resource_group_name = local.group_name
  location            = local.location
  subnet_id           = local.endpoint_subnet_id
  tags                = local.tags

  private_service_connection {
    name                           = "database"
    private_connection_resource_id = azurerm_postgresql_flexible_server.main[0].id
    subresource_names              = ["postgresqlServer"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "database"
    private_dns_zone_ids = [local.zone_id]
  }

  depends_on = [
    azurerm_private_dns_zone_virtual_network_link.database,
    # The server accepts one change at a time, and azurerm doesn't wait for the others before this one.
    azurerm_postgresql_flexible_server_database.main,
    azurerm_postgresql_flexible_server_active_directory_administrator.person,
    azurerm_postgresql_flexible_server_firewall_rule.public,
  ]
}

locals {
  # Quarters of the address space.
  subnets = cidrsubnets(var.address_space, 2, 2, 2)
}
