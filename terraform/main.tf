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
  name     = var.name
  location = var.location
  tags     = local.tags
}
