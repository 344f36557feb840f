# Applied once, by an owner of the subscription: creates the state's storage account and the pipeline's identity. Its own state
# stays a file beside this one. If that is lost, use `terraform import` or create a second account.
terraform {
  required_version = ">= 1.11, < 2.0"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = ">= 5.2, < 6.0"
    }
  }
}

provider "azurerm" {
  subscription_id                = var.subscription_id == null ? null : lower(var.subscription_id)
  resource_providers_to_register = ["Microsoft.ManagedIdentity", "Microsoft.Storage"]
  storage_use_azuread            = true

  features {
    enhanced_validation {
      # A region that isn't one fails the plan.
      locations = true
    }

    storage {
      data_plane_available = false
    }
  }
}

data "azurerm_client_config" "current" {}

locals {
  subscription = "/subscriptions/${data.azurerm_client_config.current.subscription_id}"
  suffix       = substr(sha256("${data.azurerm_client_config.current.subscription_id}/${var.name}/state"), 0, 6)

  # The ids of the roles that ../identity.tf assigns: the pipeline may assign these and no others.
  roles = join(", ", [
    "7f951dda-4ed3-4680-a7ca-43fe172d538d", # AcrPull
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b", # Storage Blob Data Owner
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88", # Storage Queue Data Contributor
    "4633458b-17de-408a-b874-0445c86b69e6", # Key Vault Secrets User
    "b86a8fe4-44ce-4948-aee5-eccb2c155cd7", # Key Vault Secrets Officer
    "3913510d-42f4-4e42-8a64-420c390055eb", # Monitoring Metrics Publisher
  ])
  role_attribute = "Microsoft.Authorization/roleAssignments:RoleDefinitionId"
}

resource "azurerm_resource_group" "state" {
  name     = "${var.name}-state"
  location = var.location
}

resource "azurerm_storage_account" "state" {
  name                            = "${replace(var.name, "-", "")}${local.suffix}"
  resource_group_name             = azurerm_resource_group.state.name
  location                        = azurerm_resource_group.state.location
  account_tier                    = "Standard"
  account_replication_type        = "GRS"
  shared_access_key_enabled       = false
  default_to_oauth_authentication = true
  allow_nested_items_to_be_public = false
  local_user_enabled              = false
  min_tls_version                 = "TLS1_2"

  # An overwritten or deleted state can be restored.
  blob_properties {
    versioning_enabled = true

    delete_retention_policy {
      days = 30
    }

    container_delete_retention_policy {
      days = 30
    }
  }
}

resource "azurerm_storage_container" "state" {
  name                  = "state"
  storage_account_id    = azurerm_storage_account.state.id
  container_access_type = "private"
}

resource "azurerm_role_assignment" "state" {
  for_each = merge(
    { person = data.azurerm_client_config.current.object_id },
    { for identity in azurerm_user_assigned_identity.pipeline : "pipeline" => identity.principal_id },
  )

  scope                = azurerm_storage_account.state.id
  role_definition_name = "Storage Blob Data Contributor"
  principal_id         = each.value
  # Otherwise Azure looks the identity up in Entra ID, which may not know it yet.
  principal_type = each.key == "pipeline" ? "ServicePrincipal" : null
}

# The identity of .github/workflows/deploy.yml. It signs in with a token that GitHub gives only to this repository: no secret is stored.
resource "azurerm_user_assigned_identity" "pipeline" {
  count = var.github_repository == null ? 0 : 1

  name                = "${var.name}-pipeline"
  resource_group_name = azurerm_resource_group.state.name
  location            = azurerm_resource_group.state.location
}

# One for each environment of the repository, whose rules decide who may deploy.
resource "azurerm_federated_identity_credential" "pipeline" {
  for_each = var.github_repository == null ? toset([]) : toset(["plan", "production"])

  name                      = each.value
  user_assigned_identity_id = azurerm_user_assigned_identity.pipeline[0].id
  issuer                    = "https://token.actions.githubusercontent.com"
  audience                  = ["api://AzureADTokenExchange"]
  subject                   = "${coalesce(var.github_subject, "repo:${var.github_repository}")}:environment:${each.value}"
}

resource "azurerm_role_assignment" "pipeline_contributor" {
  count = var.github_repository == null ? 0 : 1

  scope                = local.subscription
  role_definition_name = "Contributor"
  principal_id         = azurerm_user_assigned_identity.pipeline[0].principal_id
  principal_type       = "ServicePrincipal"
}

resource "azurerm_role_assignment" "pipeline_roles" {
  count = var.github_repository == null ? 0 : 1

  scope                = local.subscription
  role_definition_name = "Role Based Access Control Administrator"
  principal_id         = azurerm_user_assigned_identity.pipeline[0].principal_id
  principal_type       = "ServicePrincipal"
  condition_version    = "2.0"
  condition = join(" AND ", [
    "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (@Request[${local.role_attribute}] ForAnyOfAnyValues:GuidEquals {${local.roles}}))",
    "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'})) OR (@Resource[${local.role_attribute}] ForAnyOfAnyValues:GuidEquals {${local.roles}}))",
  ])
}
