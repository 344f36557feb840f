resource "azurerm_container_registry" "main" {
  count = var.existing_registry_id == null ? 1 : 0

  name                = local.compact_name
  resource_group_name = local.group_name
  location            = local.location
  sku                 = "Basic"
  admin_enabled       = false
  tags                = local.tags
}

locals {
  source = abspath("${path.module}/..")

  # The globs of .dockerignore as regular expressions; it has no exceptions ("!"). Files outside the image don't change its hash.
  ignored = [
    for line in split("\n", try(file("${local.source}/.dockerignore"), "")) :
    "^${replace(replace(replace(replace(trimspace(line), ".", "\\."), "**/", "<any>"), "*", "[^/]*"), "<any>", "(.*/)?")}(/.*)?$"
    if trimspace(line) != "" && !startswith(trimspace(line), "#")
  ]
  # The only hidden files that count. A virtual environment isn't walked.
  source_files = concat(["Dockerfile", ".dockerignore"], [
    for name in sort(setunion(fileset(local.source, "[^.]*"), fileset(local.source, "[^.]*/**"))) : name
    if !anytrue([for pattern in local.ignored : can(regex(pattern, name))])
  ])
  source_hash = local.image_is_built ? sha256(join("\n", [for name in local.source_files : "${name} ${filesha256("${local.source}/${name}")}"])) : ""

  image_is_built   = var.image == null
  image_repository = try(var.image.repository, "nightshift")
  # A tag that is never reused: a new image under an old tag wouldn't be deployed.
  image_tag      = local.image_is_built ? substr(local.source_hash, 0, 12) : try(var.image.tag, null)
  image_digest   = try(var.image.digest, null)
  image_is_ours  = try(var.image.server, null) == null
  image_server   = local.image_is_ours ? local.registry_server : var.image.server
  image_by_role  = local.image_is_ours || try(endswith(var.image.server, ".azurecr.io"), false)
  image_release  = local.image_digest == null ? local.image_tag : substr(trimprefix(local.image_digest, "sha256:"), 0, 12)
  image_complete = local.image_digest == null ? "${local.image_repository}:${local.image_tag}" : "${local.image_repository}@${local.image_digest}"
}

# Built in the cloud, without Docker on this machine. An image that exists already, as after a return to earlier source, isn't
# built again. Only a copy of the hashed files is sent: a folder in use holds more, such as a database's socket, which can't be
# packed.
resource "terraform_data" "image" {
  count = local.image_is_built ? 1 : 0

  triggers_replace = [local.registry_id, local.image_complete]

  provisioner "local-exec" {
    working_dir = local.source
    environment = {
      REGISTRY     = local.registry_name
      SUBSCRIPTION = data.azurerm_client_config.current.subscription_id
      IMAGE        = local.image_complete
      RELEASE      = local.image_release
      SOURCE       = join("\n", distinct([for name in local.source_files : split("/", name)[0]]))
    }
    command = <<-EOT
      az acr repository show --subscription "$SUBSCRIPTION" --name "$REGISTRY" --image "$IMAGE" --output none 2>/dev/null && exit
      context="$(mktemp -d)" && trap 'rm -rf "$context"' EXIT &&
      printf '%s\n' "$SOURCE" | tar -cf - -T - | tar -xf - -C "$context" &&
      az acr build --subscription "$SUBSCRIPTION" --registry "$REGISTRY" --image "$IMAGE" --build-arg "RELEASE=$RELEASE" \
        --only-show-errors --output none "$context"
    EOT
  }
}
