# What is deployed, and where.

variable "name" {
  description = "The deployment's name: the resource group's, and the beginning of all others. 3 to 16 characters."
  type        = string

  validation {
    # The storage account's name has 24 characters and takes no hyphen; the host id is cut from the app's name at 32.
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) >= 3 && length(var.name) <= 16
    error_message = "name is '${var.name}'. Write 3 to 16 lower-case letters, digits and single hyphens, with a letter first, such as \"nightshift\"."
  }
}

variable "subscription_id" {
  description = "The subscription's id. Null takes ARM_SUBSCRIPTION_ID, then the one that `az account show` names."
  type        = string
  default     = null

  validation {
    condition     = var.subscription_id == null || can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", var.subscription_id))
    error_message = "subscription_id is no GUID. Write it as `az account show --query id` does, such as \"00000000-0000-0000-0000-000000000000\"."
  }
}

variable "suffix" {
  description = "What makes the names unique in the world. Null takes six characters of a hash of subscription and name."
  type        = string
  default     = null

  validation {
    condition     = var.suffix == null || can(regex("^[a-z0-9]{3,6}$", var.suffix))
    error_message = "suffix has 3 to 6 lower-case letters and digits, such as \"7f3a9c\"."
  }
}

variable "location" {
  description = "The Azure region."
  type        = string
  default     = "swedencentral"

  validation {
    condition     = can(regex("^[a-z]+[a-z0-9]*$", var.location))
    error_message = "location is '${var.location}'. Write a name from `az account list-locations --query '[].name'`, such as \"swedencentral\"."
  }
}

variable "tags" {
  description = "Tags for every resource that takes some."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(var.tags) <= 13 && alltrue([for key, value in var.tags : length(key) <= 128 && length(value) <= 256])
    error_message = "tags are up to 13 (two are ours, and a secret takes 15), with keys of up to 128 and values of up to 256 characters, such as { team = \"payments\" }."
  }
}

# The image.

variable "image" {
  description = <<-EOT
    The image to run. Null builds it from this repository in the cloud, tagged with the hash of its source. Otherwise a tag or
    a digest of what has been pushed: a tag that is never used again, for one that is reused isn't deployed again.
    `server` is another registry than the one made here: an ACR where the app's identity has AcrPull, or a public one.
  EOT
  type = object({
    repository = optional(string, "nightshift")
    tag        = optional(string)
    digest     = optional(string)
    server     = optional(string)
  })
  default = null

  validation {
    condition     = var.image == null || try((var.image.tag == null) != (var.image.digest == null), false)
    error_message = "image has either a tag or a digest, such as { tag = \"4f0c2d9a1b7e\" }."
  }

  validation {
    condition     = try(var.image.tag, null) == null || can(regex("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", var.image.tag)) && try(var.image.tag, "") != "latest"
    error_message = "image.tag is a tag that is used once, such as \"4f0c2d9a1b7e\", and never \"latest\": a new image under an old tag would not be deployed."
  }

  validation {
    condition     = try(var.image.digest, null) == null || can(regex("^sha256:[0-9a-f]{64}$", var.image.digest))
    error_message = "image.digest is what the registry says, such as \"sha256:\" with 64 hexadecimal digits after it."
  }

  validation {
    condition     = try(var.image.server, null) == null || can(regex("^[a-z0-9.-]+\\.[a-z]+(:[0-9]+)?$", var.image.server))
    error_message = "image.server is a registry's name without a scheme, such as \"ghcr.io\"."
  }

  validation {
    condition     = var.image == null || can(regex("^[a-z0-9]+([._/-][a-z0-9]+)*$", var.image.repository))
    error_message = "image.repository is lower-case, such as \"nightshift\" or \"team/nightshift\"."
  }
}

# The plan.

variable "plan_sku" {
  description = "The size of the instances: B1 to B3, S1 to S3, P1v2 to P3v2 and P0v3 to P3v3 are dedicated, EP1 to EP3 Elastic Premium."
  type        = string
  default     = "B1"

  validation {
    condition     = can(regex("^(B[1-3]|S[1-3]|P[1-3]v2|P[0-3]v3|EP[1-3])$", var.plan_sku))
    error_message = "plan_sku is '${var.plan_sku}'. Write a size that runs containers with timers, such as \"B1\", \"P0v3\" or \"EP1\"; Consumption and Flex Consumption run none."
  }
}

variable "instances" {
  description = "How many instances: from minimum to maximum by load, where the size scales by itself (S, P and EP)."
  type = object({
    minimum = optional(number, 1)
    maximum = optional(number, 1)
  })
  default = {}

  validation {
    condition     = var.instances.minimum >= 1 && var.instances.maximum >= var.instances.minimum && var.instances.maximum <= 20
    error_message = "instances go from 1 to 20, such as { minimum = 1, maximum = 3 }."
  }

  validation {
    condition     = !startswith(var.plan_sku, "B") || var.instances.maximum == var.instances.minimum && var.instances.maximum <= 3
    error_message = "A plan of size B doesn't scale by itself and has up to 3 instances. Write as many twice, such as { minimum = 2, maximum = 2 }, or take plan_sku = \"P0v3\"."
  }

  validation {
    condition     = !startswith(var.plan_sku, "S") || var.instances.maximum <= 10
    error_message = "A plan of size S has up to 10 instances. Write { minimum = 1, maximum = 10 }, or take plan_sku = \"P0v3\"."
  }
}

# Jobs and the app.

variable "job_schedules" {
  description = "Schedules that take the place of those in the code, by job: NCRONTAB with six fields (or five)."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for job, schedule in var.job_schedules : can(regex("^[A-Za-z][A-Za-z0-9_-]*$", job)) && can(regex("^[^ ]+( [^ ]+){4,5}$", schedule))])
    error_message = "job_schedules has a job's name and six fields for each (second, minute, hour, day, month, day of week), such as { import_rates = \"0 30 5 * * *\" }."
  }
}

variable "jobs_disabled" {
  description = "Jobs that don't run here. Their occurrences are in the ledger as disabled, and are never caught up."
  type        = set(string)
  default     = []

  validation {
    # One setting each, and App Service takes none on Linux whose name has a hyphen.
    condition     = alltrue([for job in var.jobs_disabled : can(regex("^[A-Za-z][A-Za-z0-9_]*$", job))])
    error_message = "jobs_disabled lists names of jobs, such as [\"import_rates\"]. A job with a hyphen in its name can't be disabled here: pause it (`manage.py pause`)."
  }
}

variable "max_running" {
  description = "How many runs one instance executes at once."
  type        = number
  default     = 4

  validation {
    # A queue's batch has 32 messages at most.
    condition     = var.max_running >= 1 && var.max_running <= 32 && floor(var.max_running) == var.max_running
    error_message = "max_running is a whole number from 1 to 32, such as 4."
  }
}

variable "time_zone" {
  description = "The time zone of schedules that name none, and of the pages: an IANA name."
  type        = string
  default     = "UTC"

  validation {
    condition     = can(regex("^[A-Za-z]+([/_+-][A-Za-z0-9]+)*$", var.time_zone))
    error_message = "time_zone is an IANA name, such as \"Europe/Berlin\"."
  }
}

variable "log_level" {
  description = "From which level on the app's own log lines are kept."
  type        = string
  default     = "INFO"

  validation {
    condition     = contains(["DEBUG", "INFO", "WARNING", "ERROR"], var.log_level)
    error_message = "log_level is DEBUG, INFO, WARNING or ERROR, such as \"INFO\"."
  }
}

variable "app_settings" {
  description = "More settings for the app, for what a team's own commands read. Secrets as Key Vault references."
  type        = map(string)
  default     = {}

  validation {
    # Each of these would fight with what is set here: differences in every plan, or a host that doesn't start.
    condition = alltrue([
      for name in keys(var.app_settings) : can(regex("^[A-Za-z_][A-Za-z0-9_.]*$", name)) && !can(regex(
        "^(DOCKER_|WEBSITE_TIME_ZONE$|TZ$|AzureWebJobs|AzureFunctionsJobHost__extensions__queues__|APPLICATIONINSIGHTS_|APPINSIGHTS_|WEBSITES_ENABLE_APP_SERVICE_STORAGE$|WEBSITES_CONTAINER_ST|WEBSITE_CONTENT|WEBSITE_HEALTHCHECK_|WEBSITE_VNET_ROUTE_ALL$|WEBSITE_HTTPLOGGING_RETENTION_DAYS$|WEBSITE_NODE_DEFAULT_VERSION$|FUNCTIONS_|JOBS_|DATABASE_|SECRET_KEY|LOCAL$|DEBUG$|AZURE_CLIENT_ID$|ALLOWED_HOSTS$|CSRF_TRUSTED_ORIGINS$|TIME_ZONE$|LOG_LEVEL$|PYTHON_THREADPOOL_THREAD_COUNT$)", name
      ))
    ])
    error_message = "app_settings holds your own settings by names of letters, digits, _ and ., such as { RATES_URL = \"https://example.com/rates\" }. Those of the host, of the image and of Nightshift have variables of their own; a time zone for the host would move every schedule."
  }
}

variable "admin_username" {
  description = "The first person who may sign in. The password is generated into the Key Vault."
  type        = string
  default     = "admin"

  validation {
    condition     = can(regex("^[A-Za-z0-9@.+_-]{1,150}$", var.admin_username))
    error_message = "admin_username has letters, digits and @.+-_, such as \"admin\"."
  }
}

variable "custom_domain" {
  description = "A name of your own for the site. Its records must exist before: see the output custom_domain_records."
  type        = string
  default     = null

  validation {
    condition     = var.custom_domain == null || can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.){2,}[a-z]{2,}$", var.custom_domain))
    error_message = "custom_domain is a name below a domain, such as \"jobs.example.com\"."
  }
}

variable "secret_version" {
  description = "Raise it by one to have SECRET_KEY and the first person's generated password made anew."
  type        = number
  default     = 1

  validation {
    condition     = var.secret_version >= 1 && floor(var.secret_version) == var.secret_version
    error_message = "secret_version is a whole number from 1 on, such as 2 to rotate for the first time."
  }
}

# The database.

variable "database_server_name" {
  description = "The server's name, where another than the one made first is to be used: after a restore. Null is the first."
  type        = string
  default     = null

  validation {
    condition     = var.database_server_name == null || can(regex("^[a-z0-9]([a-z0-9-]{1,61}[a-z0-9])$", var.database_server_name))
    error_message = "database_server_name has 3 to 63 lower-case letters, digits and hyphens, such as \"nightshift-restored\"."
  }
}

variable "database_sku" {
  description = "The database server's size. B_ is burstable; GP_ and MO_ may be highly available."
  type        = string
  default     = "B_Standard_B1ms"

  validation {
    condition     = can(regex("^(B_Standard_B|GP_Standard_DC?|MO_Standard_EC?)[1-9][0-9]*[a-z]+(_v[0-9]+)?$", var.database_sku))
    error_message = "database_sku is a tier and a size, such as \"B_Standard_B1ms\" or \"GP_Standard_D2ds_v5\"."
  }
}

variable "database_storage_mb" {
  description = "How large the database's storage is at first. It grows by itself, and never shrinks."
  type        = number
  default     = 32768

  validation {
    condition     = contains([32768, 65536, 131072, 262144, 524288, 1048576, 2097152], var.database_storage_mb)
    error_message = "database_storage_mb is one of Azure's sizes: 32768, 65536, 131072, 262144, 524288, 1048576 or 2097152."
  }
}

variable "database_backup_days" {
  description = "For how many days the database can be restored to any moment."
  type        = number
  default     = 14

  validation {
    condition     = var.database_backup_days >= 7 && var.database_backup_days <= 35 && floor(var.database_backup_days) == var.database_backup_days
    error_message = "database_backup_days is a whole number from 7 to 35, such as 14."
  }
}

variable "database_geo_backup" {
  description = "Whether backups are kept in the paired region too. A change makes a new, empty server."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = contains([true, false], var.database_geo_backup)
    error_message = "database_geo_backup is true or false, such as true."
  }
}

variable "database_high_availability" {
  description = "A standby server: SameZone or ZoneRedundant; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.database_high_availability == null || contains(["SameZone", "ZoneRedundant"], coalesce(var.database_high_availability, "-"))
    error_message = "database_high_availability is \"SameZone\", \"ZoneRedundant\" or null."
  }

  validation {
    condition     = var.database_high_availability == null || !startswith(var.database_sku, "B_")
    error_message = "A burstable server can't be highly available. Take database_sku = \"GP_Standard_D2ds_v5\" or larger."
  }
}

variable "database_public_access_from" {
  description = <<-EOT
    Addresses from which the database may be reached over the internet; none keeps it in the virtual network. The app goes by a
    private endpoint then. From none to some, or back, makes a new, empty server.
  EOT
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.database_public_access_from : can(cidrnetmask("${address}/32")) && address != "0.0.0.0"])
    error_message = "database_public_access_from lists single IPv4 addresses, such as [\"203.0.113.7\"]; 0.0.0.0 would open it to all of Azure."
  }
}

variable "database_administrators" {
  description = "People and groups who may administer the database, by the name that Entra ID knows them under."
  type = map(object({
    object_id = string
    type      = optional(string, "User")
  }))
  default = {}

  validation {
    condition = alltrue([
      for administrator in values(var.database_administrators) :
      contains(["User", "Group", "ServicePrincipal"], administrator.type) && can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", administrator.object_id))
    ])
    error_message = "database_administrators has an object id, and User, Group or ServicePrincipal as type, such as { \"ada@example.com\" = { object_id = \"00000000-0000-0000-0000-000000000000\" } }."
  }
}

variable "deletion_protection" {
  description = "Whether a plan that would destroy or replace the database server fails, once this is applied. Set it when there is something to lose."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = contains([true, false], var.deletion_protection)
    error_message = "deletion_protection is true or false, such as true."
  }
}

# Who hears of it, and what it may cost.

variable "alert_emails" {
  description = "Who is told by e-mail. None tells the subscription's owners."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for address in var.alert_emails : can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", address))])
    error_message = "alert_emails lists addresses, such as [\"ops@example.com\"]."
  }
}

variable "alert_lateness_minutes" {
  description = "How late a run may start before someone is told."
  type        = number
  default     = 10

  validation {
    condition     = var.alert_lateness_minutes >= 1 && var.alert_lateness_minutes <= 1440
    error_message = "alert_lateness_minutes is from 1 to 1440, such as 10."
  }
}

variable "availability_test_locations" {
  description = "From where /api/ready is asked every 15 minutes. Each costs something; none leaves the test out."
  type        = list(string)
  default     = ["emea-nl-ams-azr", "emea-gb-db3-azr", "us-va-ash-azr"]

  validation {
    condition     = alltrue([for place in var.availability_test_locations : can(regex("^[a-z]{2,5}(-[a-z0-9]+){2,3}$", place))])
    error_message = "availability_test_locations lists Application Insights' places, such as [\"emea-nl-ams-azr\"]."
  }
}

variable "monthly_budget" {
  description = "What the resource group may cost a month, in the subscription's currency. Someone is told at 80 % and when more is forecast. Null for none: Azure takes no budget for a subscription's first two days."
  type        = number
  default     = 100

  validation {
    condition     = coalesce(var.monthly_budget, 1) >= 1
    error_message = "monthly_budget is 1 or more, such as 100, or null for none."
  }
}

variable "log_retention_days" {
  description = "For how many days logs are kept; Application Insights keeps its own for 90 at least."
  type        = number
  default     = 30

  validation {
    condition     = var.log_retention_days >= 30 && var.log_retention_days <= 730 && floor(var.log_retention_days) == var.log_retention_days
    error_message = "log_retention_days is a whole number from 30 to 730, such as 30."
  }
}

variable "log_daily_quota_gb" {
  description = "How much may be logged a day, in GB; -1 for any amount. Past it nothing is kept until the next day, and the alert on the tick fires."
  type        = number
  default     = 1

  validation {
    condition     = var.log_daily_quota_gb == -1 || var.log_daily_quota_gb >= 0.1
    error_message = "log_daily_quota_gb is -1, or 0.1 and more, such as 1."
  }
}

# How it is deployed.

variable "address_space" {
  description = "The virtual network's addresses: a /24 or larger that no network it is peered with uses."
  type        = string
  default     = "10.83.0.0/24"

  validation {
    condition     = try(cidrhost(var.address_space, 0) == split("/", var.address_space)[0], false) && try(tonumber(split("/", var.address_space)[1]), 32) <= 24
    error_message = "address_space is a /24 or larger and begins with its first address, such as \"10.83.0.0/24\"."
  }

  validation {
    # What an app sends to other addresses doesn't go into its network.
    condition     = can(regex("^(10\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|192\\.168\\.)", var.address_space))
    error_message = "address_space is in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16, such as \"10.83.0.0/24\"."
  }
}

variable "deployers" {
  description = <<-EOT
    Object ids of who applies this: they may write the Key Vault's secrets. None takes whoever applies. Where people and a
    pipeline take turns, list all, and who has the right applies first: a plan reads the secrets.
  EOT
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for id in var.deployers : can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", id))])
    error_message = "deployers lists object ids, as `az ad signed-in-user show --query id` says, such as [\"00000000-0000-0000-0000-000000000000\"]."
  }
}

variable "role_wait_seconds" {
  description = "How long a new role takes until every part of Azure knows of it."
  type        = number
  default     = 90

  validation {
    condition     = var.role_wait_seconds >= 0 && var.role_wait_seconds <= 600 && floor(var.role_wait_seconds) == var.role_wait_seconds
    error_message = "role_wait_seconds is a whole number from 0 to 600, such as 90."
  }
}
