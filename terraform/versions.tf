terraform {
  # Write-only arguments, which keep the secrets out of the state, want 1.11. To be mocked in `terraform test` they want 1.11.4.
  required_version = ">= 1.11, < 2.0"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 5.2, < 6.0"
    }
  }
}

provider "azurerm" {
  # Null leaves it to ARM_SUBSCRIPTION_ID, then to `az account set`.
  subscription_id = var.subscription_id == null ? null : lower(var.subscription_id)

  # Since 5.0 none is registered by itself, and in an empty subscription hardly one is.
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

  # The storage account has no keys to read it with.
  storage_use_azuread = true

  features {
    key_vault {
      # A vault that is only half deleted keeps its name for a week, and the next apply fails on it.
      purge_soft_delete_on_destroy    = true
      recover_soft_deleted_key_vaults = true
      # They go with their vault.
      purge_soft_deleted_secrets_on_destroy = false
    }

    log_analytics_workspace {
      permanently_delete_on_destroy = true
    }

    resource_group {
      # What Azure makes by itself in the group, such as a rule on failure anomalies, goes with it. (To have that rule disabled
      # instead, azurerm waits for it at every create, for up to an hour.)
      prevent_deletion_if_contains_resources = false
    }

    storage {
      # Containers and queues are made through the management API: nobody needs the network path, nor a role, to apply.
      data_plane_available = false
    }
  }
}
