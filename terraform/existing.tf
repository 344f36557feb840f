# What exists already is looked up and used. Nothing below changes it: `count` keeps what would be created out of the plan, and
# the locals are what all other files refer to, whichever it is.

data "azurerm_resource_group" "existing" {
  count = var.existing_resource_group != null ? 1 : 0

  name = var.existing_resource_group

  lifecycle {
    postcondition {
      condition     = !(try(self.tags.application, "") == "nightshift" && try(self.tags.deployment, "") == var.name)
      error_message = "The resource group ${self.name} was created by this deployment, and would be destroyed as such. Run `terraform state rm 'azurerm_resource_group.main[0]'`, remove its tag `deployment`, and plan again."
    }
  }
}

data "azurerm_virtual_network" "existing" {
  count = var.existing_network != null ? 1 : 0

  name                = split("/", var.existing_network.id)[8]
  resource_group_name = split("/", var.existing_network.id)[4]

  lifecycle {
    precondition {
      condition     = lower(split("/", var.existing_network.id)[2]) == lower(data.azurerm_client_config.current.subscription_id)
      error_message = "The network is in another subscription, where this provider doesn't look. Take one of ${data.azurerm_client_config.current.subscription_id}."
    }

    postcondition {
      condition     = !(try(self.tags.application, "") == "nightshift" && try(self.tags.deployment, "") == var.name)
      error_message = "The network ${self.name} was created by this deployment, and would be destroyed as such. Run `terraform state rm 'azurerm_virtual_network.main[0]'`, remove its tag `deployment`, and plan again."
    }

    postcondition {
      condition     = self.location == local.location
      error_message = "The network ${self.name} is in ${self.location}, and the app must be there too: set location = \"${self.location}\"."
    }

    postcondition {
      condition = alltrue([for subnet in local.subnets_given : subnet]) || anytrue([
        for space in self.address_space : split("/", space)[1] <= split("/", var.address_space)[1] && cidrhost("${split("/", var.address_space)[0]}/${split("/", space)[1]}", 0) == cidrhost(space, 0)
      ])
      error_message = "Subnets would be created in ${var.address_space}, and the network ${self.name} has ${join(", ", self.address_space)}. Set address_space to a free part of it, or name the subnets in existing_network."
    }
  }
}

data "azurerm_container_registry" "existing" {
  count = var.existing_registry_id != null ? 1 : 0

  name                = split("/", var.existing_registry_id)[8]
  resource_group_name = split("/", var.existing_registry_id)[4]

  lifecycle {
    precondition {
      condition     = lower(split("/", var.existing_registry_id)[2]) == lower(data.azurerm_client_config.current.subscription_id)
      error_message = "The registry is in another subscription, where this provider doesn't look. Take one of ${data.azurerm_client_config.current.subscription_id}."
    }

    postcondition {
      condition     = !(try(self.tags.application, "") == "nightshift" && try(self.tags.deployment, "") == var.name)
      error_message = "The registry ${self.name} was created by this deployment, and would be destroyed as such. Run `terraform state rm 'azurerm_container_registry.main[0]'`, remove its tag `deployment`, and plan again."
    }
  }
}

data "azurerm_log_analytics_workspace" "existing" {
  count = var.existing_log_analytics_workspace_id != null ? 1 : 0

  name                = split("/", var.existing_log_analytics_workspace_id)[8]
  resource_group_name = split("/", var.existing_log_analytics_workspace_id)[4]

  lifecycle {
    precondition {
      condition     = lower(split("/", var.existing_log_analytics_workspace_id)[2]) == lower(data.azurerm_client_config.current.subscription_id)
      error_message = "The workspace is in another subscription, where this provider doesn't look. Take one of ${data.azurerm_client_config.current.subscription_id}."
    }

    postcondition {
      condition     = !(try(self.tags.application, "") == "nightshift" && try(self.tags.deployment, "") == var.name)
      error_message = "The workspace ${self.name} was created by this deployment, and would be destroyed as such. Run `terraform state rm 'azurerm_log_analytics_workspace.main[0]'`, remove its tag `deployment`, and plan again."
    }
  }
}

data "azurerm_postgresql_flexible_server" "existing" {
  count = try(var.existing_database.id, null) != null ? 1 : 0

  name                = split("/", var.existing_database.id)[8]
  resource_group_name = split("/", var.existing_database.id)[4]

  lifecycle {
    precondition {
      condition     = lower(split("/", var.existing_database.id)[2]) == lower(data.azurerm_client_config.current.subscription_id)
      error_message = "The database server is in another subscription, where this provider doesn't look. Take one of ${data.azurerm_client_config.current.subscription_id}."
    }

    postcondition {
      condition     = !(try(self.tags.application, "") == "nightshift" && try(self.tags.deployment, "") == var.name)
      error_message = "The database server ${self.name} was created by this deployment, and would be destroyed as such. Run `terraform state rm 'azurerm_postgresql_flexible_server.main[0]'`, remove its tag `deployment`, and plan again."
    }
  }
}

locals {
  group_name = var.existing_resource_group == null ? azurerm_resource_group.main[0].name : data.azurerm_resource_group.existing[0].name
  group_id   = var.existing_resource_group == null ? azurerm_resource_group.main[0].id : data.azurerm_resource_group.existing[0].id
  location   = coalesce(var.location, try(data.azurerm_resource_group.existing[0].location, null), "swedencentral")

  registry_id     = var.existing_registry_id == null ? azurerm_container_registry.main[0].id : var.existing_registry_id
  registry_name   = var.existing_registry_id == null ? azurerm_container_registry.main[0].name : data.azurerm_container_registry.existing[0].name
  registry_server = var.existing_registry_id == null ? azurerm_container_registry.main[0].login_server : data.azurerm_container_registry.existing[0].login_server

  workspace_id = var.existing_log_analytics_workspace_id == null ? azurerm_log_analytics_workspace.main[0].id : data.azurerm_log_analytics_workspace.existing[0].id

  network_id         = var.existing_network == null ? azurerm_virtual_network.main[0].id : var.existing_network.id
  network_name       = var.existing_network == null ? azurerm_virtual_network.main[0].name : data.azurerm_virtual_network.existing[0].name
  network_group_name = var.existing_network == null ? local.group_name : split("/", var.existing_network.id)[4]
  # In a network that others use, "app" may be taken.
  subnet_prefix = var.existing_network == null ? "" : "${var.name}-"
  # Given, or not needed.
  subnets_given = {
    app      = try(var.existing_network.app_subnet, null) != null
    database = try(var.existing_network.database_subnet, null) != null || !local.database_is_ours || local.database_is_public
    endpoint = try(var.existing_network.endpoint_subnet, null) != null || !local.database_is_public
  }
  app_subnet_id      = local.subnets_given.app ? "${local.network_id}/subnets/${var.existing_network.app_subnet}" : azurerm_subnet.app[0].id
  database_subnet_id = local.subnets_given.database ? try("${local.network_id}/subnets/${var.existing_network.database_subnet}", null) : azurerm_subnet.database[0].id
  endpoint_subnet_id = local.subnets_given.endpoint ? try("${local.network_id}/subnets/${var.existing_network.endpoint_subnet}", null) : azurerm_subnet.endpoint[0].id

  zone_is_ours = local.database_is_ours && try(var.existing_network.private_dns_zone_id, null) == null
  zone_id      = local.zone_is_ours ? azurerm_private_dns_zone.database[0].id : try(var.existing_network.private_dns_zone_id, null)

  database_by_id     = try(var.existing_database.id, null) != null
  database_is_known  = local.database_is_ours || local.database_by_id
  database_server_id = local.database_is_ours ? azurerm_postgresql_flexible_server.main[0].id : try(join("/", slice(split("/", var.existing_database.id), 0, 9)), null)
  database_host      = local.database_is_ours ? azurerm_postgresql_flexible_server.main[0].fqdn : local.database_by_id ? data.azurerm_postgresql_flexible_server.existing[0].fqdn : var.existing_database.host
  database_port      = try(var.existing_database.port, 5432)
  database_name      = local.database_is_ours ? azurerm_postgresql_flexible_server_database.main[0].name : local.database_by_id ? split("/", var.existing_database.id)[10] : var.existing_database.name
  grant_identity     = join("", [for schema in values(local.settings_of_the_schema) : "JOBS_SCHEMA=${schema} "], ["manage.py grant_identity"])
  database_roles = {
    app       = try(coalesce(var.existing_database.role), azurerm_user_assigned_identity.app.name)
    migration = try(coalesce(var.existing_database.migration_role), azurerm_user_assigned_identity.migration.name)
  }
}

# azurerm's data source for a subnet has no delegations. So `az` looks, before anything is put into one.
resource "terraform_data" "delegation" {
  for_each = { for name, delegation in {
    app      = { subnet = try(var.existing_network.app_subnet, null), service = "Microsoft.Web/serverFarms" }
    database = { subnet = local.database_is_ours && !local.database_is_public ? try(var.existing_network.database_subnet, null) : null, service = "Microsoft.DBforPostgreSQL/flexibleServers" }
  } : name => delegation if delegation.subnet != null }

  triggers_replace = [var.existing_network.id, each.value.subnet]

  provisioner "local-exec" {
    environment = {
      SUBNET  = "${var.existing_network.id}/subnets/${each.value.subnet}"
      SERVICE = each.value.service
    }
    command = <<-EOT
      command -v az >/dev/null || { echo "az is not on the path: the delegation of $SUBNET is not checked."; exit 0; }
      found="$(az network vnet subnet show --ids "$SUBNET" --query "delegations[].serviceName" --output tsv)" || exit
      [ "$found" = "$SERVICE" ] && exit
      echo "$SUBNET is delegated to $${found:-nothing} and must be delegated to $SERVICE:"
      echo "az network vnet subnet update --ids $SUBNET --delegations $SERVICE"
      exit 1
    EOT
  }
}
