# What is deployed, and where.

variable "name" {
  description = "The deployment's name, 3 to 16 characters. It is the resource group's name, and every other name begins with it."
  type        = string
  nullable    = false

  validation {
    # A storage account's name has at most 24 characters and no hyphen. The host id is the first 32 of the app's name.
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

variable "suffix" {
  description = "The ending that makes names globally unique. Null uses six characters of a hash of subscription and name."
  type        = string
  default     = null

  validation {
    condition     = var.suffix == null || can(regex("^[a-z0-9]{3,6}$", var.suffix))
    error_message = "suffix must be 3 to 6 lower-case letters and digits, such as \"7f3a9c\"."
  }
}

variable "location" {
  description = "The Azure region. Null takes that of existing_resource_group, or swedencentral."
  type        = string
  default     = null

  validation {
    condition     = var.location == null || can(regex("^[a-z]+[a-z0-9]*$", var.location))
    error_message = "location is '${coalesce(var.location, "-")}'. Write a name from `az account list-locations --query '[].name'`, such as \"swedencentral\"."
  }
}

variable "tags" {
  description = "Tags for every resource that supports them."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(var.tags) <= 13 && alltrue([for key, value in var.tags : length(key) <= 128 && try(length(value) <= 256, false)])
    error_message = "tags may have up to 13 entries (two more are ours, and a secret allows 15), with keys up to 128 and values up to 256 characters, such as { team = \"payments\" }."
  }

  validation {
    condition     = alltrue([for key in keys(var.tags) : can(regex("^[^<>%&\\\\?/]+$", key)) && !can(regex("(?i)^(microsoft|azure|windows)", key))])
    error_message = "A tag's key must have none of <>%&\\?/ and must not begin with microsoft, azure or windows. Write another, such as { team = \"payments\" }."
  }

  validation {
    # Azure takes `Team` and `team` for one key.
    condition     = length(distinct([for key in keys(var.tags) : lower(key)])) == length(var.tags) && !anytrue([for key in keys(var.tags) : contains(["application", "deployment"], lower(key))])
    error_message = "Tag keys ignore case: each may occur once, and `application` and `deployment` are ours. Write other keys, such as { team = \"payments\" }."
  }
}

# What exists already. What is given here is used, and never created, changed or destroyed.

variable "existing_resource_group" {
  description = "The name of an existing resource group, to create everything in. Null creates one."
  type        = string
  default     = null

  validation {
    condition     = var.existing_resource_group == null || can(regex("^[A-Za-z0-9_.()-]{0,89}[A-Za-z0-9_()-]$", var.existing_resource_group))
    error_message = "existing_resource_group must be a name, such as \"team-jobs\"."
  }
}

variable "existing_network" {
  description = <<-EOT
    An existing virtual network, by id, and in it the names of subnets for the plan (`app_subnet`), for a database server created
    here (`database_subnet`), or for its private endpoint (`endpoint_subnet`). A subnet without a name is created, in
    `address_space`. `private_dns_zone_id` is a zone that is linked with the network already. `route_all` sends everything that the
    app sends through its subnet, as a NAT gateway or a firewall needs. Null creates a network.
  EOT
  type = object({
    id                  = string
    app_subnet          = optional(string)
    database_subnet     = optional(string)
    endpoint_subnet     = optional(string)
    private_dns_zone_id = optional(string)
    route_all           = optional(bool, false)
  })
  default = null

  validation {
    condition     = var.existing_network == null || can(regex("(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.Network/virtualNetworks/[^/]+$", var.existing_network.id))
    error_message = "existing_network.id must be as `az network vnet show --query id` prints it, such as \"/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/hub/providers/Microsoft.Network/virtualNetworks/hub\"."
  }

  validation {
    condition     = alltrue([for name in [try(var.existing_network.app_subnet, null), try(var.existing_network.database_subnet, null), try(var.existing_network.endpoint_subnet, null)] : name == null || can(regex("^[A-Za-z0-9_.-]{1,80}$", name))])
    error_message = "A subnet of existing_network is given by its name, such as \"jobs\"."
  }

  validation {
    condition     = try(var.existing_network.private_dns_zone_id, null) == null || can(regex("(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.Network/privateDnsZones/[^/]*postgres.database.azure.com$", var.existing_network.private_dns_zone_id))
    error_message = "existing_network.private_dns_zone_id must be the id of a zone whose name ends with postgres.database.azure.com, such as \"/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/hub/providers/Microsoft.Network/privateDnsZones/team.private.postgres.database.azure.com\"."
  }
}

variable "existing_database" {
  description = <<-EOT
    An existing PostgreSQL database, either by `id`, on an Azure flexible server, or by `host`, `port` and `name`; the server must know
    Entra ID. `role` and `migration_role` are the roles that the app and its migrations sign in as; null takes the names of the two
    identities. Output database_grants shows how to make them. `migrate = false` leaves migrations to somebody else. `schema` puts
    Nightshift's tables into a schema of their own. Null creates a server.
  EOT
  type = object({
    id             = optional(string)
    host           = optional(string)
    port           = optional(number, 5432)
    name           = optional(string, "nightshift")
    role           = optional(string)
    migration_role = optional(string)
    migrate        = optional(bool, true)
    schema         = optional(string)
  })
  default = null

  validation {
    condition     = var.existing_database == null || try((var.existing_database.id == null) != (var.existing_database.host == null), false)
    error_message = "existing_database needs either an id or a host, such as { host = \"team.postgres.database.azure.com\", name = \"shop\" }."
  }

  validation {
    condition     = try(var.existing_database.id, null) == null || can(regex("(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.DBforPostgreSQL/flexibleServers/[^/]+/databases/[^/]+$", var.existing_database.id))
    error_message = "existing_database.id must be as `az postgres flexible-server db show --query id` prints it, such as \"/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.DBforPostgreSQL/flexibleServers/shop/databases/shop\"."
  }

  validation {
    condition = var.existing_database == null || try(alltrue([
      can(regex("^[A-Za-z0-9.-]+$", coalesce(var.existing_database.host, "-"))),
      can(regex("^[^/?#@: ]+$", var.existing_database.name)),
      var.existing_database.port >= 1 && var.existing_database.port <= 65535 && floor(var.existing_database.port) == var.existing_database.port,
    ]), false)
    error_message = "existing_database has a host without a scheme, a port from 1 to 65535, and a database's name, such as { host = \"team.postgres.database.azure.com\", port = 5432, name = \"shop\" }."
  }

  validation {
    # In the URL of the database, unquoted.
    condition     = alltrue([for role in [try(var.existing_database.role, null), try(var.existing_database.migration_role, null)] : role == null || can(regex("^[A-Za-z0-9_.-]{1,63}$", role))])
    error_message = "A role of existing_database has up to 63 letters, digits and _.-, such as \"nightshift_app\"."
  }

  validation {
    # As jobs/conf.py.
    condition     = try(var.existing_database.schema, null) == null || can(regex("^[a-z][a-z0-9_]{0,62}$", var.existing_database.schema)) && !can(regex("^(pg_.*|public|information_schema)$", var.existing_database.schema))
    error_message = "existing_database.schema must be a schema for Nightshift alone, of up to 63 lower-case letters, digits and _, such as \"nightshift\"."
  }

  validation {
    condition     = var.existing_database == null || length(var.database_public_access_from) + length(var.database_administrators) == 0 && !var.deletion_protection && var.database_high_availability == null && var.database_server_name == null
    error_message = "An existing database keeps its server's settings: leave out database_public_access_from, database_administrators, database_high_availability, database_server_name and deletion_protection, or set existing_database = null."
  }
}

variable "existing_registry_id" {
  description = "An existing container registry, by id. The app's identity is given AcrPull on it. Null creates one."
  type        = string
  default     = null

  validation {
    condition     = var.existing_registry_id == null || can(regex("(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.ContainerRegistry/registries/[^/]+$", var.existing_registry_id))
    error_message = "existing_registry_id must be as `az acr show --query id` prints it, such as \"/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.ContainerRegistry/registries/shop\"."
  }
}

variable "existing_log_analytics_workspace_id" {
  description = "An existing Log Analytics workspace, by id; log_retention_days and log_daily_quota_gb don't apply to it. Null creates one."
  type        = string
  default     = null

  validation {
    condition     = var.existing_log_analytics_workspace_id == null || can(regex("(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft.OperationalInsights/workspaces/[^/]+$", var.existing_log_analytics_workspace_id))
    error_message = "existing_log_analytics_workspace_id must be as `az monitor log-analytics workspace show --query id` prints it, such as \"/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/shop/providers/Microsoft.OperationalInsights/workspaces/shop\"."
  }
}

# The image.

variable "image" {
  description = <<-EOT
    The image to run. Null builds it from this repository in the cloud, tagged with the hash of its source. Otherwise give the
    tag or digest of an image that was pushed. Never reuse a tag: a new image under an old tag isn't deployed. `server` is a
    registry other than the one created here: an ACR where the app's identity has AcrPull, or a public one.
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
    error_message = "image needs either a tag or a digest, such as { tag = \"4f0c2d9a1b7e\" }."
  }

  validation {
    condition     = try(var.image.tag, null) == null || can(regex("^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", var.image.tag)) && try(var.image.tag, "") != "latest"
    error_message = "image.tag must be a tag that is used once, such as \"4f0c2d9a1b7e\", and not \"latest\": a new image under an old tag isn't deployed."
  }

  validation {
    condition     = try(var.image.digest, null) == null || can(regex("^sha256:[0-9a-f]{64}$", var.image.digest))
    error_message = "image.digest must be a digest as the registry prints it, such as \"sha256:\" with 64 hexadecimal digits after it."
  }

  validation {
    condition     = try(var.image.server, null) == null || can(regex("^[a-z0-9.-]+\\.[a-z]+(:[0-9]+)?$", var.image.server))
    error_message = "image.server must be a registry's host name without a scheme, such as \"ghcr.io\"."
  }

  validation {
    condition     = var.image == null || can(regex("^[a-z0-9]+([._/-][a-z0-9]+)*$", var.image.repository))
    error_message = "image.repository must be lower-case, such as \"nightshift\" or \"team/nightshift\"."
  }
}

# The plan.

variable "plan_sku" {
  description = "The size of the instances. B1 to B3, S1 to S3, P1v2 to P3v2 and P0v3 to P3v3 are dedicated; EP1 to EP3 are Elastic Premium."
  type        = string
  default     = "B1"
  nullable    = false

  validation {
    condition     = can(regex("^(B[1-3]|S[1-3]|P[1-3]v2|P[0-3]v3|EP[1-3])$", var.plan_sku))
    error_message = "plan_sku is '${var.plan_sku}'. Write a size that runs containers with timers, such as \"B1\", \"P0v3\" or \"EP1\". Consumption and Flex Consumption don't run containers."
  }
}

variable "instances" {
  description = "How many instances. Sizes S, P and EP scale from minimum to maximum by load."
  type = object({
    minimum = optional(number, 1)
    maximum = optional(number, 1)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.instances.minimum >= 1 && var.instances.maximum >= var.instances.minimum && var.instances.maximum <= 20 && floor(var.instances.minimum) == var.instances.minimum && floor(var.instances.maximum) == var.instances.maximum
    error_message = "instances must be whole numbers from 1 to 20, with minimum not above maximum, such as { minimum = 1, maximum = 3 }."
  }

  validation {
    condition     = !startswith(var.plan_sku, "B") || var.instances.maximum == var.instances.minimum && var.instances.maximum <= 3
    error_message = "A plan of size B doesn't scale and has at most 3 instances. Write the same number twice, such as { minimum = 2, maximum = 2 }, or use plan_sku = \"P0v3\"."
  }

  validation {
    condition     = !startswith(var.plan_sku, "S") || var.instances.maximum <= 10
    error_message = "A plan of size S has at most 10 instances. Write { minimum = 1, maximum = 10 }, or use plan_sku = \"P0v3\"."
  }
}

# Jobs and the app.

variable "job_schedules" {
  description = "Schedules that replace those in the code, by job: NCRONTAB with six fields, or five."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for job, schedule in var.job_schedules : can(regex("^[A-Za-z][A-Za-z0-9_-]*$", job)) && can(regex("^ *[^ ]+( +[^ ]+){4,5} *$", schedule))])
    error_message = "job_schedules needs a job's name and six fields for each (second, minute, hour, day, month, day of week), such as { import_rates = \"0 30 5 * * *\" }."
  }

  validation {
    # Counted from the end, since the second is optional. A month or a weekday may be any beginning of its name.
    condition = alltrue(flatten([
      for schedule in values(var.job_schedules) : [
        for place, field in reverse(regexall("[^ ]+", schedule == null ? "" : schedule)) : [
          for part in split(",", field) : can(regex(replace("(?i)^(\\*|(V)(-(V))?)(/[+-]?[0-9]+)?$", "V", [
            "0*[0-6]|[a-z]+", "0*([1-9]|1[0-2])|[a-z]+", "0*([1-9]|[12][0-9]|3[01])", "0*(1?[0-9]|2[0-3])", "0*[1-5]?[0-9]", "0*[1-5]?[0-9]"
          ][place]), part))
        ]
      ]
    ]))
    error_message = "A field of job_schedules is out of range. Write seconds and minutes from 0 to 59, hours from 0 to 23, days from 1 to 31, months from 1 to 12, and days of the week from 0 (Sunday) to 6, such as \"0 30 5 * * MON-FRI\"."
  }

  validation {
    condition = alltrue(flatten([
      for word in regexall("[A-Za-z]+", join(" ", [for schedule in values(var.job_schedules) : schedule == null ? "" : schedule])) :
      anytrue([for name in split(" ", "january february march april may june july august september october november december sunday monday tuesday wednesday thursday friday saturday") : startswith(name, lower(word))])
    ]))
    error_message = "A word in job_schedules is neither a month nor a day of the week. Write numbers or English names, such as \"0 30 5 * JAN-JUN MON\"."
  }

  validation {
    condition     = length(distinct([for job in keys(var.job_schedules) : upper(replace(job, "-", "_"))])) == length(var.job_schedules)
    error_message = "Two jobs in job_schedules share an app setting, which ignores case and doesn't distinguish - from _. Keep one, such as { import_rates = \"0 30 5 * * *\" }, and change the other in the code."
  }
}

variable "jobs_disabled" {
  description = "Jobs that don't run in this deployment. Their occurrences are recorded as disabled and never caught up."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    # Each is an app setting, and App Service on Linux allows no hyphen in a setting's name.
    condition     = alltrue([for job in var.jobs_disabled : can(regex("^[A-Za-z][A-Za-z0-9_]*$", job))])
    error_message = "jobs_disabled must list names of jobs, such as [\"import_rates\"]. A job with a hyphen in its name can't be disabled here: pause it with `manage.py pause`."
  }

  validation {
    condition     = length(distinct([for job in var.jobs_disabled : try(lower(job), "")])) == length(var.jobs_disabled)
    error_message = "Two names in jobs_disabled differ in case only and share an app setting. Keep one, such as [\"import_rates\"], and pause the other with `manage.py pause`."
  }
}

variable "max_running" {
  description = "How many runs one instance executes at a time."
  type        = number
  default     = 4
  nullable    = false

  validation {
    # A queue's batch has 32 messages at most.
    condition     = var.max_running >= 1 && var.max_running <= 32 && floor(var.max_running) == var.max_running
    error_message = "max_running must be a whole number from 1 to 32, such as 4."
  }
}

variable "time_zone" {
  description = "The time zone, an IANA name, of the pages and of schedules that don't name one."
  type        = string
  default     = "UTC"
  nullable    = false

  validation {
    condition     = can(regex("^(UTC|GMT|(Africa|America|Antarctica|Arctic|Asia|Atlantic|Australia|Brazil|Canada|Chile|Etc|Europe|Indian|Mexico|Pacific|US)(/[A-Z][A-Za-z0-9_+-]*)+)$", var.time_zone))
    error_message = "time_zone is '${var.time_zone}'. Write UTC or an IANA name with its area, such as \"Europe/Berlin\"."
  }
}

variable "log_level" {
  description = "The lowest level of the app's log lines that is kept."
  type        = string
  default     = "INFO"
  nullable    = false

  validation {
    condition     = contains(["DEBUG", "INFO", "WARNING", "ERROR"], var.log_level)
    error_message = "log_level must be DEBUG, INFO, WARNING or ERROR, such as \"INFO\"."
  }
}

variable "heartbeat_url" {
  description = "The URL of a watch from outside that each tick asks for, once a minute: of Healthchecks, Cronitor, Better Stack and the like. Empty for none."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^(|https://[!-~]+|@Microsoft[.]KeyVault[(][!-~]+[)])$", var.heartbeat_url))
    error_message = "heartbeat_url must be an https URL, such as \"https://hc-ping.com/3f2a11c0-0000-4000-8000-8d2f5b1cffee\", or a Key Vault reference."
  }
}

variable "app_settings" {
  description = "More app settings, for your own commands. Give secrets as Key Vault references."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    # Each of these conflicts with a setting below: every plan would show a difference, or the host wouldn't start.
    condition = alltrue([
      for name in keys(var.app_settings) : can(regex("^[A-Za-z_][A-Za-z0-9_.]*$", name)) && !can(regex(
        "(?i)^(DOCKER_|WEBSITE_TIME_ZONE$|TZ$|AzureWebJobs|AzureFunctionsJobHost__extensions__queues__|APPLICATIONINSIGHTS_|APPINSIGHTS_|WEBSITES_ENABLE_APP_SERVICE_STORAGE$|WEBSITES_CONTAINER_ST|WEBSITE_CONTENT|WEBSITE_HEALTHCHECK_|WEBSITE_AUTH_|OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID$|WEBSITE_VNET_ROUTE_ALL$|WEBSITE_HTTPLOGGING_RETENTION_DAYS$|WEBSITE_NODE_DEFAULT_VERSION$|FUNCTIONS_|JOBS_|DATABASE_|SECRET_KEY|LOCAL$|DEBUG$|AZURE_CLIENT_ID$|ALLOWED_HOSTS$|CSRF_TRUSTED_ORIGINS$|TIME_ZONE$|LOG_LEVEL$|RESTART_ON_NEW_DATABASE$|PYTHON_THREADPOOL_THREAD_COUNT$)", name
      ))
    ])
    error_message = "app_settings must be your own settings, with names of letters, digits, _ and ., such as { RATES_URL = \"https://example.com/rates\" }. Settings of the host, the image and Nightshift have their own variables, and a time zone for the host would move every schedule."
  }

  validation {
    condition     = length(distinct([for name in keys(var.app_settings) : lower(name)])) == length(var.app_settings) && !anytrue([for value in values(var.app_settings) : value == null])
    error_message = "App Service ignores case in a setting's name and refuses null. Write each once and with a value, such as { RATES_URL = \"https://example.com/rates\" }."
  }
}

variable "admin_username" {
  description = "The first person who can sign in. The password is generated and stored in the Key Vault."
  type        = string
  default     = "admin"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9@.+_-]{1,150}$", var.admin_username))
    error_message = "admin_username must be letters, digits and @.+-_, such as \"admin\"."
  }
}

variable "custom_domain" {
  description = "Your own domain name for the site. Create its DNS records first: see the output custom_domain_records."
  type        = string
  default     = null

  validation {
    condition     = var.custom_domain == null || can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.){2,}[a-z]{2,}$", var.custom_domain))
    error_message = "custom_domain must be a name below a domain, such as \"jobs.example.com\"."
  }
}

variable "sign_in" {
  description = <<-EOT
    An app registration of Entra ID, by which App Service's authentication signs people in before they reach the site. Null for the
    site's own sign-in only. The app's identity stands for it: give the registration the federated credential that the output
    sign_in_registration describes, or name an app setting with a secret (secret_setting). JOBS_ENTRA_AUDIENCE is audience, or the
    client id: the API takes tokens for it.
  EOT
  type = object({
    tenant_id      = string
    client_id      = string
    audience       = optional(string)
    secret_setting = optional(string)
  })
  default = null

  validation {
    condition     = var.sign_in == null || alltrue([for id in [try(var.sign_in.tenant_id, ""), try(var.sign_in.client_id, "")] : can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", id))])
    error_message = "sign_in must name the tenant and the registration by their ids, in lower case, such as { tenant_id = \"00000000-0000-0000-0000-000000000000\", client_id = \"11111111-0000-0000-0000-000000000000\" }."
  }

  validation {
    condition     = try(contains(keys(var.app_settings), var.sign_in.secret_setting), true)
    error_message = "sign_in.secret_setting must be one of app_settings, such as \"SIGN_IN_SECRET\" with app_settings = { SIGN_IN_SECRET = \"@Microsoft.KeyVault(SecretUri=…)\" }."
  }

  validation {
    condition     = try(var.sign_in.audience, null) == null || can(regex("^(api://)?[A-Za-z0-9./-]+$", try(var.sign_in.audience, "")))
    error_message = "sign_in.audience must be the registration's application id URI, such as \"api://11111111-0000-0000-0000-000000000000\"."
  }
}

variable "secret_version" {
  description = "Raise it by one to generate SECRET_KEY and the first person's password again."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.secret_version >= 1 && floor(var.secret_version) == var.secret_version
    error_message = "secret_version must be a whole number of at least 1, such as 2 to rotate for the first time."
  }
}

# The database.

variable "database_server_name" {
  description = "The database server's name, if it isn't the one created first: after a restore. Null uses the first."
  type        = string
  default     = null

  validation {
    condition     = var.database_server_name == null || can(regex("^[a-z0-9]([a-z0-9-]{1,61}[a-z0-9])$", var.database_server_name))
    error_message = "database_server_name must be 3 to 63 lower-case letters, digits and hyphens, such as \"nightshift-restored\"."
  }
}

variable "database_sku" {
  description = "The database server's size. B_ is burstable; GP_ and MO_ can be highly available."
  type        = string
  default     = "B_Standard_B1ms"
  nullable    = false

  validation {
    condition     = can(regex("^(B_Standard_B|GP_Standard_DC?|MO_Standard_EC?)[1-9][0-9]*[a-z]+(_v[0-9]+)?$", var.database_sku))
    error_message = "database_sku must be a tier and a size, such as \"B_Standard_B1ms\" or \"GP_Standard_D2ds_v5\"."
  }
}

variable "database_storage_mb" {
  description = "The initial size of the database's storage. It grows by itself and never shrinks."
  type        = number
  default     = 32768
  nullable    = false

  validation {
    condition     = contains([32768, 65536, 131072, 262144, 524288, 1048576, 2097152], var.database_storage_mb)
    error_message = "database_storage_mb must be one of Azure's sizes: 32768, 65536, 131072, 262144, 524288, 1048576 or 2097152."
  }
}

variable "database_backup_days" {
  description = "For how many days the database can be restored to any point in time."
  type        = number
  default     = 14
  nullable    = false

  validation {
    condition     = var.database_backup_days >= 7 && var.database_backup_days <= 35 && floor(var.database_backup_days) == var.database_backup_days
    error_message = "database_backup_days must be a whole number from 7 to 35, such as 14."
  }
}

variable "database_geo_backup" {
  description = "Whether backups are also kept in the paired region. Changing it creates a new, empty server."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = contains([true, false], var.database_geo_backup)
    error_message = "database_geo_backup must be true or false, such as true."
  }
}

variable "database_high_availability" {
  description = "A standby server: SameZone or ZoneRedundant, or null for none."
  type        = string
  default     = null

  validation {
    condition     = var.database_high_availability == null || contains(["SameZone", "ZoneRedundant"], coalesce(var.database_high_availability, "-"))
    error_message = "database_high_availability must be \"SameZone\", \"ZoneRedundant\" or null."
  }

  validation {
    condition     = var.database_high_availability == null || !startswith(var.database_sku, "B_")
    error_message = "A burstable server can't be highly available. Use database_sku = \"GP_Standard_D2ds_v5\" or larger, or write null."
  }
}

variable "database_public_access_from" {
  description = <<-EOT
    Addresses that can reach the database over the internet. With none, it is only in the virtual network; with some, the app
    uses a private endpoint. Changing from none to some, or back, creates a new, empty server.
  EOT
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.database_public_access_from : can(cidrnetmask("${address}/32")) && address != "0.0.0.0"])
    error_message = "database_public_access_from must list single IPv4 addresses, such as [\"203.0.113.7\"]. 0.0.0.0 would open the database to all of Azure."
  }

  validation {
    # No connection comes from these over the internet: private, loopback, link-local, carrier, multicast, reserved.
    condition     = !anytrue([for address in var.database_public_access_from : can(regex("^(0|10|127|172\\.(1[6-9]|2[0-9]|3[01])|192\\.168|169\\.254|100\\.(6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])|22[4-9]|2[3-5][0-9])\\.", address))])
    error_message = "database_public_access_from has a private or reserved address, from which no connection comes over the internet. Write what `curl https://ifconfig.me` prints there, such as [\"203.0.113.7\"]."
  }
}

variable "database_administrators" {
  description = "People and groups who can administer the database, by their name in Entra ID."
  type = map(object({
    object_id = string
    type      = optional(string, "User")
  }))
  default  = {}
  nullable = false

  validation {
    condition = alltrue([
      for administrator in values(var.database_administrators) :
      try(contains(["User", "Group", "ServicePrincipal"], administrator.type), false) && can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", administrator.object_id))
    ])
    error_message = "database_administrators needs an object id, and a type of User, Group or ServicePrincipal, such as { \"ada@example.com\" = { object_id = \"00000000-0000-0000-0000-000000000000\" } }."
  }

  validation {
    condition     = length(distinct([for administrator in values(var.database_administrators) : try(lower(administrator.object_id), "")])) == length(var.database_administrators)
    error_message = "Two of database_administrators have one object id. Keep one name for it, such as \"ada@example.com\"."
  }
}

variable "deletion_protection" {
  description = "Once applied, a plan that would destroy or replace the database server fails. Set it when there is data to lose."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = contains([true, false], var.deletion_protection)
    error_message = "deletion_protection must be true or false, such as true."
  }
}

# Alerts and cost.

variable "alert_emails" {
  description = "The addresses that get alerts. With none, the subscription's owners get them."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.alert_emails : can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", address))])
    error_message = "alert_emails must list e-mail addresses, such as [\"ops@example.com\"]."
  }
}

variable "alert_lateness_minutes" {
  description = "How late a run may start, in minutes, before an alert is sent."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.alert_lateness_minutes >= 1 && var.alert_lateness_minutes <= 1440 && floor(var.alert_lateness_minutes) == var.alert_lateness_minutes
    error_message = "alert_lateness_minutes must be a whole number from 1 to 1440, such as 10."
  }
}

variable "availability_test_locations" {
  description = "The places that request /api/ready every 15 minutes. Each costs something; with none there is no test."
  type        = list(string)
  default     = ["emea-nl-ams-azr", "emea-gb-db3-azr", "us-va-ash-azr"]
  nullable    = false

  validation {
    condition     = alltrue([for place in var.availability_test_locations : can(regex("^[a-z]{2,5}(-[a-z0-9]+){2,3}$", place))])
    error_message = "availability_test_locations must list locations of Application Insights, such as [\"emea-nl-ams-azr\"]."
  }
}

variable "monthly_budget" {
  description = "What the resource group may cost a month, in the subscription's currency. An alert is sent at 80 %, and when the forecast exceeds it. Null for none: Azure allows no budget in a subscription's first two days."
  type        = number
  default     = 100
  nullable    = false

  validation {
    condition     = coalesce(var.monthly_budget, 1) >= 1
    error_message = "monthly_budget must be at least 1, such as 100, or null for none."
  }
}

variable "log_retention_days" {
  description = "For how many days logs are kept. Application Insights keeps its own for at least 90."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.log_retention_days >= 30 && var.log_retention_days <= 730 && floor(var.log_retention_days) == var.log_retention_days
    error_message = "log_retention_days must be a whole number from 30 to 730, such as 30."
  }
}

variable "log_daily_quota_gb" {
  description = "How many GB may be logged a day, or -1 for no limit. Beyond it nothing is kept until the next day, and the alert on the tick fires."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.log_daily_quota_gb == -1 || var.log_daily_quota_gb >= 0.1
    error_message = "log_daily_quota_gb must be -1 or at least 0.1, such as 1."
  }
}

# Deployment.

variable "address_space" {
  description = "The virtual network's addresses: a /24 or larger that no peered network uses."
  type        = string
  default     = "10.83.0.0/24"
  nullable    = false

  validation {
    condition     = try(cidrhost(var.address_space, 0) == split("/", var.address_space)[0], false) && try(tonumber(split("/", var.address_space)[1]), 32) <= 24
    error_message = "address_space must be a /24 or larger and begin with its first address, such as \"10.83.0.0/24\"."
  }

  validation {
    # Only traffic to these addresses goes into the app's network.
    condition     = can(regex("^(10\\.|172\\.(1[6-9]|2[0-9]|3[01])\\.|192\\.168\\.)", var.address_space))
    error_message = "address_space must be in 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16, such as \"10.83.0.0/24\"."
  }
}

variable "deployers" {
  description = <<-EOT
    Object ids of the people and pipelines that apply this. They get the right to write the Key Vault's secrets. With none, whoever
    applies gets it. If several apply, list all of them; the first apply must be by one who has the right, because a plan reads
    the secrets.
  EOT
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.deployers : can(regex("^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$", id))])
    error_message = "deployers must list object ids, as `az ad signed-in-user show --query id` prints them, such as [\"00000000-0000-0000-0000-000000000000\"]."
  }
}

variable "role_wait_seconds" {
  description = "How many seconds to wait until every part of Azure knows a new role."
  type        = number
  default     = 90
  nullable    = false

  validation {
    condition     = var.role_wait_seconds >= 0 && var.role_wait_seconds <= 600 && floor(var.role_wait_seconds) == var.role_wait_seconds
    error_message = "role_wait_seconds must be a whole number from 0 to 600, such as 90."
  }
}
