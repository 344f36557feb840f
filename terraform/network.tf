resource "azurerm_virtual_network" "main" {
  name                = "${var.name}-network"
  resource_group_name = azurerm_resource_group.main.name
  location            = azurerm_resource_group.main.location
  address_space       = [var.address_space]
  tags                = local.tags

  lifecycle {
    precondition {
      condition     = terraform_data.made_with["address_space"].output == var.address_space
      error_message = "The network was made with ${terraform_data.made_with["address_space"].output}. Azure can't change a subnet while the plan or the database is in it: set address_space back, or create a second deployment."
    }
  }
}

# The plan's own subnet, delegated to it. A /26 has room for scaling out and for changes of size.
resource "azurerm_subnet" "app" {
  name                 = "app"
  resource_group_name  = azurerm_resource_group.main.name
  virtual_network_name = azurerm_virtual_network.main.name
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
  count = local.database_is_public ? 0 : 1

  name                 = "database"
  resource_group_name  = azurerm_resource_group.main.name
  virtual_network_name = azurerm_virtual_network.main.name
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
  count = local.database_is_public ? 1 : 0

  name                 = "endpoint"
  resource_group_name  = azurerm_resource_group.main.name
  virtual_network_name = azurerm_virtual_network.main.name
  address_prefixes     = [local.subnets[2]]
}

resource "azurerm_private_dns_zone" "database" {
  # Azure fixes the zone's name for an endpoint. A server in the network may use any name below this domain.
  name                = local.database_is_public ? "privatelink.postgres.database.azure.com" : "${local.unique_name}.private.postgres.database.azure.com"
  resource_group_name = azurerm_resource_group.main.name
  tags                = local.tags
}

resource "azurerm_private_dns_zone_virtual_network_link" "database" {
  name                = "${var.name}-network"
  private_dns_zone_id = azurerm_private_dns_zone.database.id
  virtual_network_id  = azurerm_virtual_network.main.id
  tags                = local.tags

  # Destroy the link first: while it exists, PostgreSQL's subnet is in use.
  depends_on = [azurerm_subnet.database]
}

resource "azurerm_private_endpoint" "database" {
  count = local.database_is_public ? 1 : 0

  name                = "${var.name}-database"
  resource_group_name = azurerm_resource_group.main.name
  location            = azurerm_resource_group.main.location
  subnet_id           = azurerm_subnet.endpoint[0].id
  tags                = local.tags

  private_service_connection {
    name                           = "database"
    private_connection_resource_id = azurerm_postgresql_flexible_server.main.id
    subresource_names              = ["postgresqlServer"]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = "database"
    private_dns_zone_ids = [azurerm_private_dns_zone.database.id]
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
