variable "name" {
  description = "The deployment's name, the same as in the parent folder. The state's resource group is NAME-state."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) >= 3 && length(var.name) <= 16
    error_message = "name is '${var.name}'. Write 3 to 16 lower-case letters, digits and single hyphens, with a letter first, such as \"nightshift\"."
  }

  validation {
    # Azure refuses these halfway through an apply: microsoft and windows anywhere, login at the start, the rest as a whole.
    condition     = !can(regex("microsoft|windows|^login", replace(var.name, "-", ""))) && !contains(split(" ", "access azure bing bizspark biztalk cortana directx dotnet dynamics excel exchange forefront groove hololens hyperv kinect lync msdn o365 office office365 onedrive onenote outlook powerpoint sharepoint skype visio visualstudio xbox"), var.name)
    error_message = "name is '${var.name}', which Azure reserves. Write another, such as \"nightshift\"."
  }
}

variable "subscription_id" {
  description = "The subscription's id. Null uses ARM_SUBSCRIPTION_ID, then the one that `az account show` prints."
  type        = string
  default     = null

  validation {
    condition     = var.subscription_id == null || can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", var.subscription_id))
    error_message = "subscription_id is not a GUID. Write it as `az account show --query id` prints it, such as \"00000000-0000-0000-0000-000000000000\"."
  }
}

variable "location" {
  description = "The Azure region of the state."
  type        = string
  default     = "swedencentral"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+[a-z0-9]*$", var.location))
    error_message = "location is '${var.location}'. Write a name from `az account list-locations --query '[].name'`, such as \"swedencentral\"."
  }
}

variable "github_repository" {
  description = "The repository whose pipeline may deploy: OWNER/NAME. With null no identity is created."
  type        = string
  default     = null

  validation {
    condition     = var.github_repository == null || can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "github_repository must be an owner and a name, such as \"example/nightshift\"."
  }
}

variable "github_subject" {
  description = "The beginning of the subject in GitHub's tokens. Null takes repo:OWNER/NAME; for repositories created or renamed since mid-2026 it is repo:OWNER@ID/NAME@ID."
  type        = string
  default     = null

  validation {
    condition     = var.github_subject == null || can(regex("^[a-z_]+:[^: ]+$", var.github_subject))
    error_message = "github_subject must be the part before `:environment:`, such as \"repo:example@1234/nightshift@5678\"."
  }
}
