output "backend" {
  description = "The content of ../backend.hcl: `terraform output -raw backend > ../backend.hcl`."
  value       = <<-EOT
    resource_group_name  = "${azurerm_resource_group.state.name}"
    storage_account_name = "${azurerm_storage_account.state.name}"
    container_name       = "${azurerm_storage_container.state.name}"
  EOT
}

output "github_variables" {
  description = "Variables (not secrets) for the GitHub repository: `gh variable set NAME --body VALUE`."
  value = {
    AZURE_CLIENT_ID       = one(azurerm_user_assigned_identity.pipeline[*].client_id)
    AZURE_TENANT_ID       = data.azurerm_client_config.current.tenant_id
    AZURE_SUBSCRIPTION_ID = data.azurerm_client_config.current.subscription_id
    TF_STATE_GROUP        = azurerm_resource_group.state.name
    TF_STATE_ACCOUNT      = azurerm_storage_account.state.name
    TF_STATE_CONTAINER    = azurerm_storage_container.state.name
  }
}

output "deployers" {
  description = "For `deployers` in ../terraform.tfvars, if both this person and the pipeline apply."
  value       = concat([data.azurerm_client_config.current.object_id], azurerm_user_assigned_identity.pipeline[*].principal_id)
}
