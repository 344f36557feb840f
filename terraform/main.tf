data "azurerm_client_config" "current" {}

locals {
  suffix = coalesce(var.suffix, substr(sha256("${data.azurerm_client_config.current.subscription_id}/${var.name}"), 0, 6))
  # Globally unique. At most 23 characters: two apps whose first 32 are the same would share a host id and shut down.
  unique_name = "${var.name}-${local.suffix}"
  # For names that allow no hyphen and at most 24 characters.
  compact_name = replace(local.unique_name, "-", "")

  tags = merge({ application = "nightshift", deployment = var.name }, var.tags)
}

resource "azurerm_resource_group" "main" {
  count = var.existing_resource_group == null ? 1 : 0

  name     = var.name
  location = local.location
  tags     = local.tags
}

# What Azure can't change in place. The state keeps the first value, and a plan with another fails where the value is used.
# `terraform state rm` of an entry lets the plan continue.
resource "terraform_data" "made_with" {
  for_each = { for name, value in local.unchangeable : name => value if value != null }

  input = each.value

  lifecycle {
    ignore_changes = [input]
  }
}

locals {
  unchangeable = {
    location      = local.location
    address_space = alltrue([for subnet in local.subnets_given : subnet]) ? null : var.address_space
    # A standby can be added and removed, so its entry exists only as long as there is one.
    high_availability = var.database_high_availability
  }
}
