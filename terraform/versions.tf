terraform {
  # Write-only arguments, which keep secrets out of the state, need 1.11. Mocking them in `terraform test` needs 1.11.4.
  required_version = ">= 1.11, < 2.0"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 5.2, < 6.0"
    }
  }
}

provider "azurerm" {
  # With null, azurerm uses ARM_SUBSCRIPTION_ID, then the one set by `az account set`.
  subscription_id = var.subscription_id == null ? null : lower(var.subscription_id)

  # Since 5.0 azurerm registers none by default, and a new subscription has hardly any.
  resource_providers_to_register = [
    "Microsoft.ContainerRegistry",
    "Microsoft.DBforPostgreSQL",
    "Microsoft.KeyVault",
    "Microsoft.ManagedIdentity",
    "Microsoft.Network",
    "Microsoft.OperationalInsights",
    "Microsoft.Storage",
    "Microsoft.Web",
    "microsoft.insights",
  ]

  # The storage account has no keys.
  storage_use_azuread = true

  features {
    enhanced_validation {
      # A region that isn't one fails the plan.
      locations = true
    }

    key_vault {
      # A soft-deleted vault keeps its name for a week, and the next apply would fail on it.
      purge_soft_delete_on_destroy = true
      # A recovered vault still has its secrets, and no apply could create them. Without recovery, the error names the vault.
      recover_soft_deleted_key_vaults = false
      # They are purged with their vault.
      purge_soft_deleted_secrets_on_destroy = false
    }

    log_analytics_workspace {
      permanently_delete_on_destroy = true
    }

    resource_group {
      # Azure creates resources of its own in the group, such as a rule on failure anomalies; a destroy deletes them too.
      # (Having azurerm disable that rule instead makes every create wait for it, for up to an hour.)
      prevent_deletion_if_contains_resources = false
    }

    storage {
      # Create containers and queues through the management API: then an apply needs neither network access nor a role.
      data_plane_available = false
    }
  }
}
