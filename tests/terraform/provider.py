"""A provider with azurerm's own schema, over a cloud of dictionaries.

The real azurerm comes from a registry that not every machine reaches, and Azure from nowhere. So Terraform's half is
real here: types, references, order, provisioners, write-only arguments, state. azurerm's half isn't: what a value may
be, and what Azure makes of it, are known to neither this provider nor its cloud. Of the changes that take a new
resource it knows those in REPLACED_WITH, and of soft deletion the vault's.
"""

import json
import os
import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock

import grpc
import msgpack

protocol, services = grpc.protos_and_services("tests/terraform/plugin.proto")

UNKNOWN = msgpack.ExtType(0, b"\x00")  # "known after apply", as Terraform writes it
SUBSCRIPTION = "33333333-3333-3333-3333-333333333333"
NESTING = {"single": 1, "list": 2, "set": 3}
# Arguments that hold another resource's name where others hold its id.
NAMES = {
    "resource_group_name": "azurerm_resource_group",
    "virtual_network_name": "azurerm_virtual_network",
    "storage_account_name": "azurerm_storage_account",
    "server_name": "azurerm_postgresql_flexible_server",
    "app_service_name": "azurerm_linux_function_app",
}
# Arguments whose change takes a new resource: those that the tests change.
REPLACED_WITH = {
    "azurerm_postgresql_flexible_server": ("name", "geo_redundant_backup_enabled"),
    "azurerm_postgresql_flexible_server_configuration": ("name", "server_id"),
    "azurerm_postgresql_flexible_server_database": ("server_id",),
    "azurerm_postgresql_flexible_server_firewall_rule": ("server_id",),
    "azurerm_monitor_diagnostic_setting": ("target_resource_id",),
    "azurerm_monitor_autoscale_setting": ("target_resource_id",),
    "azurerm_app_service_certificate_binding": ("hostname_binding_id", "certificate_id"),
    "azurerm_app_service_managed_certificate": ("custom_hostname_binding_id",),
}
# What watches a resource doesn't keep it from going.
WATCHERS = ("azurerm_monitor_metric_alert", "azurerm_application_insights_standard_web_test")
WHOEVER_APPLIES = "22222222-2222-2222-2222-222222222222"
TOLD = ("required", "optional", "computed", "sensitive", "write_only")


class Refused(Exception):
    """What Azure, too, would answer with an error to."""


class Cloud:
    """What there is, by its id. Nothing can name what isn't there, by id or name, nor go while something names it."""

    def __init__(self):
        self.resources = {}
        self.given = {}  # what was there before, with its kind
        self.secrets = {}
        self.deleted_vaults = {}  # the names of their secrets, by their own
        self.recovers_vaults = True
        self.lock = Lock()

    def give(self, kind, id, **values):
        """Have something there that Terraform didn't create. Its id is one of Azure's own."""
        self.given[id] = kind
        self.resources[id] = {"id": id, "name": id.split("/")[-1], **values}

    def look_up(self, kind, name):
        """What a data source finds."""
        for id, of_kind in self.given.items():
            if (of_kind, self.resources[id]["name"]) == (kind, name):
                return self.resources[id]
        raise Refused(f"{kind} {name!r} was not found.")

    def as_named(self, values):
        """How others name a resource that they don't name by its id."""
        return self.given.get(values["id"]) or kind_of(values["id"]), values.get("name")

    def one(self, kind):
        [found] = [values for id, values in self.resources.items() if f"/{kind}/" in id]
        return found

    def put(self, values):
        with self.lock:
            there = {other for each in self.resources.values() for other in (each["id"], self.as_named(each))}
            for other in named_in(values) - there:
                raise Refused(f"{values['id']} names {other}, which isn't there.")
            self.resources[values["id"]] = values

    def delete(self, id):
        with self.lock:
            for other, values in self.resources.items():
                if not is_a(WATCHERS, other) and {id, self.as_named(self.resources[id])} & named_in(values):
                    raise Refused(f"{id} is still named by {other}.")
            del self.resources[id]

    def delete_all_by_hand(self):
        """As after the group was deleted in the portal: a vault is only half gone, with its secrets in it."""
        vaults = [values["name"] for id, values in self.resources.items() if is_a("azurerm_key_vault", id)]
        self.deleted_vaults |= {name: set(self.secrets) for name in vaults}
        self.resources.clear()

    def make_room_for(self, kind, name):
        """What azurerm does before it creates a vault (key_vault_resource.go) or a secret."""
        if kind == "azurerm_key_vault" and name in self.deleted_vaults and not self.recovers_vaults:
            raise Refused(f"An existing soft-deleted Key Vault exists with the Name {name!r}.")
        if kind == "azurerm_key_vault_secret" and any(name in secrets for secrets in self.deleted_vaults.values()):
            raise Refused(f"The secret {name!r} already exists: it needs to be imported.")


def kind_of(id):
    return id.split("/")[3]


def is_a(kinds, id):
    """Whether this is the id of such a resource."""
    return kind_of(id) in ([kinds] if isinstance(kinds, str) else kinds)


def named_in(values):
    """What a resource names, by id or by name."""
    by_name = {(kind, values[argument]) for argument, kind in NAMES.items() if values.get(argument)}
    return ids_in(values) - {values["id"]} | by_name


def ids_in(value):
    """Every id in a value, however deep."""
    if isinstance(value, str):
        return {value} if re.match(rf"/subscriptions/{SUBSCRIPTION}/(azurerm_|resourceGroups/)", value) else set()
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return {id for each in inner for id in ids_in(each)}


def made_up(attribute, of_type, kind, name):
    """What Azure would have chosen: of its type, and telling where our outputs show it."""
    by_name = {
        "id": f"/subscriptions/{SUBSCRIPTION}/{kind}/{name}/{uuid.uuid4().hex[:8]}",
        "subscription_id": SUBSCRIPTION,
        "default_hostname": f"{name}.azurewebsites.net",
        "login_server": f"{name}.azurecr.io",
        "fqdn": f"{name}.postgres.database.azure.com",
        "versionless_id": f"https://vault.example/secrets/{name}",
    }
    if attribute in by_name:
        return by_name[attribute]
    if attribute.endswith("_id") and of_type == "string":
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{kind} {name} {attribute}"))
    by_type = {"string": f"{attribute} of {name}", "number": 0, "bool": False, "map": {}}
    return by_type.get(of_type if isinstance(of_type, str) else of_type[0], [])


def attributes_in(block, values):
    """Name, schema and the object it is in, for every attribute of a block and of the blocks in it."""
    for name, attribute in block.get("attributes", {}).items():
        yield name, attribute, values
    for name, nested in block.get("block_types", {}).items():
        inner = values.get(name) or []
        for each in [inner] if isinstance(inner, dict) else inner:
            if isinstance(each, dict):
                yield from attributes_in(nested["block"], each)


def complete(block, values, kind):
    """Fill in what is computed."""
    name = values["name"] if isinstance(values.get("name"), str) else uuid.uuid4().hex[:8]
    for attribute, schema, inside in attributes_in(block, values):
        if inside.get(attribute) == UNKNOWN:
            place = kind if inside is values else f"a block of {kind}"
            inside[attribute] = made_up(attribute, schema["type"], place, name)


def as_message(block):
    return protocol.Schema.Block(
        attributes=[
            protocol.Schema.Attribute(
                name=name,
                type=json.dumps(attribute["type"]).encode(),
                **{word: attribute[word] for word in TOLD if word in attribute},
            )
            for name, attribute in block.get("attributes", {}).items()
        ],
        block_types=[
            protocol.Schema.NestedBlock(
                type_name=name,
                block=as_message(nested["block"]),
                nesting=NESTING[nested["nesting_mode"]],
                min_items=nested.get("min_items", 0),
                max_items=nested.get("max_items", 0),
            )
            for name, nested in block.get("block_types", {}).items()
        ],
    )


def as_messages(schemas):
    return {
        name: protocol.Schema(version=schema.get("version", 0), block=as_message(schema["block"]))
        for name, schema in schemas.items()
    }


def as_error(refusal):
    return protocol.Diagnostic(severity=protocol.Diagnostic.ERROR, summary=str(refusal))


def path_of(name):
    return protocol.AttributePath(steps=[protocol.AttributePath.Step(attribute_name=name)])


def read(value):
    return msgpack.unpackb(value.msgpack, strict_map_key=False)


def write(value):
    return protocol.DynamicValue(msgpack=msgpack.packb(value))


class Provider(services.ProviderServicer):
    def __init__(self, schema, cloud):
        self.provider, self.data = schema["provider_config"], schema["data_source_schemas"]
        self.resources = schema["resource_schemas"]
        self.cloud = cloud

    def GetSchema(self, request, context):
        return protocol.GetProviderSchema.Response(
            provider=protocol.Schema(block=as_message(self.provider)),
            resource_schemas=as_messages(self.resources),
            data_source_schemas=as_messages(self.data),
        )

    def PrepareProviderConfig(self, request, context):
        return protocol.PrepareProviderConfig.Response(prepared_config=request.config)

    def Configure(self, request, context):
        [features] = read(request.config)["features"]
        self.cloud.recovers_vaults = all(
            each["recover_soft_deleted_key_vaults"] is not False for each in features["key_vault"]
        )
        return protocol.Configure.Response()

    def ValidateResourceTypeConfig(self, request, context):
        return protocol.Validate.Response()

    def ValidateDataSourceConfig(self, request, context):
        return protocol.Validate.Response()

    def UpgradeResourceState(self, request, context):
        return protocol.UpgradeResourceState.Response(upgraded_state=write(json.loads(request.raw_state.json)))

    def ReadDataSource(self, request, context):
        block, values = self.data[request.type_name]["block"], read(request.config)
        for name, attribute in block["attributes"].items():
            if attribute.get("computed"):
                values[name] = made_up(name, attribute["type"], request.type_name, "whoever applies")
        if request.type_name == "azurerm_client_config":
            values["object_id"] = WHOEVER_APPLIES
        else:
            try:
                values |= self.cloud.look_up(request.type_name, values["name"])
            except Refused as refusal:
                return protocol.ReadDataSource.Response(diagnostics=[as_error(refusal)])
        return protocol.ReadDataSource.Response(state=write(values))

    def ReadResource(self, request, context):
        found = self.cloud.resources.get(read(request.current_state)["id"])
        return protocol.ReadResource.Response(new_state=write(found))

    def PlanResourceChange(self, request, context):
        planned, prior = read(request.proposed_new_state), read(request.prior_state)
        for name, attribute, values in attributes_in(self.resources[request.type_name]["block"], planned):
            if attribute.get("write_only"):
                values[name] = None
            elif attribute.get("computed") and values.get(name) is None:
                values[name] = UNKNOWN
        replaced_with = [
            name
            for name in REPLACED_WITH.get(request.type_name, ())
            if prior and planned and prior[name] != planned[name]
        ]
        return protocol.PlanResourceChange.Response(
            planned_state=write(planned), requires_replace=[path_of(name) for name in replaced_with]
        )

    def ApplyResourceChange(self, request, context):
        try:
            new_state = self.apply(
                request.type_name, read(request.prior_state), read(request.planned_state), read(request.config)
            )
            return protocol.ApplyResourceChange.Response(new_state=write(new_state))
        except Refused as refusal:
            return protocol.ApplyResourceChange.Response(new_state=request.prior_state, diagnostics=[as_error(refusal)])

    def apply(self, kind, prior, planned, config):
        if planned is None:
            return self.cloud.delete(prior["id"])
        if prior is None:
            self.cloud.make_room_for(kind, planned.get("name"))
        complete(self.resources[kind]["block"], planned, kind)
        self.cloud.put(planned)
        version = "value_wo_version"
        if version in planned and (prior is None or prior[version] != planned[version]):
            self.cloud.secrets[planned["name"]] = config["value_wo"]
        return planned

    def Stop(self, request, context):
        return protocol.Stop.Response()


@contextmanager
def serving(schema, cloud, socket):
    """The variable by which Terraform takes this provider for azurerm, and asks no registry for the real one."""
    server = grpc.server(ThreadPoolExecutor(16))
    services.add_ProviderServicer_to_server(Provider(schema, cloud), server)
    server.add_insecure_port(f"unix:{socket}")
    server.start()
    address = {"Network": "unix", "String": str(socket)}
    plugin = {"Protocol": "grpc", "ProtocolVersion": 5, "Pid": os.getpid(), "Test": True, "Addr": address}
    try:
        yield {"TF_REATTACH_PROVIDERS": json.dumps({"registry.terraform.io/hashicorp/azurerm": plugin})}
    finally:
        server.stop(grace=None).wait()
