"""The Terraform files, read: every block with its address, and the text for what hides in expressions."""

import json
import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import hcl2
import pytest
from hcl2.utils import SerializationOptions

ROOT = Path(__file__).resolve().parents[2]
MAIN = ROOT / "terraform"
BOOTSTRAP = MAIN / "bootstrap"
# The provider's schema isn't ours to keep here: it lies beside the repository, or where this variable says, in the form
# of `terraform providers schema -json`. Where all of it can be had, what needs it fails without.
SCHEMA = ROOT / os.environ.get("AZURERM_SCHEMA", "../shared/azurerm-schema.json")
NEEDS_SCHEMA = pytest.mark.skipif(
    not SCHEMA.exists() and not os.environ.get("REQUIRE_ALL"),
    reason=f"no provider schema at {SCHEMA}: set AZURERM_SCHEMA",
)
# azurerm has these (internal/services/web/registration.go); the extract leaves them out. After azurerm's documentation.
TEXT = {"type": "string"}
REQUIRED, COMPUTED = TEXT | {"required": True}, TEXT | {"computed": True}
EITHER = COMPUTED | {"optional": True}
NOT_IN_THE_EXTRACT = {
    "azurerm_app_service_custom_hostname_binding": {
        "id": EITHER,
        "hostname": REQUIRED,
        "app_service_name": REQUIRED,
        "resource_group_name": REQUIRED,
        "ssl_state": EITHER,
        "thumbprint": EITHER,
        "virtual_ip": COMPUTED,
    },
    "azurerm_app_service_managed_certificate": {
        "id": EITHER,
        "custom_hostname_binding_id": REQUIRED,
        "tags": {"type": ["map", "string"], "optional": True},
        "thumbprint": COMPUTED,
    },
    "azurerm_app_service_certificate_binding": {
        "id": EITHER,
        "hostname_binding_id": REQUIRED,
        "certificate_id": REQUIRED,
        "ssl_state": REQUIRED,
        "thumbprint": COMPUTED,
    },
}
DATA_NOT_IN_THE_EXTRACT = {
    "azurerm_virtual_network": {
        "id": EITHER,
        "name": REQUIRED,
        "resource_group_name": REQUIRED,
        "location": COMPUTED,
        "tags": {"type": ["map", "string"], "computed": True},
        "address_space": {"type": ["list", "string"], "computed": True},
        "dns_servers": {"type": ["list", "string"], "computed": True},
        "guid": COMPUTED,
        "subnets": {"type": ["list", "string"], "computed": True},
        "vnet_peerings": {"type": ["map", "string"], "computed": True},
        "vnet_peerings_addresses": {"type": ["list", "string"], "computed": True},
    },
}
READ = SerializationOptions(with_comments=False, strip_string_quotes=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    kind: str
    type: str
    name: str
    body: dict[str, Any]

    @property
    def address(self):
        return f"{'data.' if self.kind == 'data' else ''}{self.type}.{self.name}"

    @property
    def is_many(self):
        return "count" in self.body or "for_each" in self.body


def read(text):
    return hcl2.loads(text, serialization_options=READ)


@cache
def parse(folder):
    return [read(file.read_text()) for file in sorted(folder.glob("*.tf"))]


def blocks(folder=MAIN):
    """Resources and data sources."""
    return [
        Block(kind=kind, type=kind_of, name=name, body=body)
        for file in parse(folder)
        for kind in ("resource", "data")
        for entry in file.get(kind, [])
        for kind_of, named in entry.items()
        for name, body in named.items()
    ]


def resource(address):
    [found] = [block.body for block in blocks() if block.address == address]
    return found


def named(kind, folder=MAIN):
    """Variables or outputs, by name."""
    return {name: body for file in parse(folder) for entry in file.get(kind, []) for name, body in entry.items()}


def local_values(folder=MAIN):
    return {
        name: value
        for file in parse(folder)
        for entry in file.get("locals", [])
        for name, value in entry.items()
        if name != "__is_block__"
    }


def text(folder=MAIN):
    """All files of a folder without their comments."""
    together = "\n".join(file.read_text() for file in sorted(folder.glob("*.tf")))
    return re.sub(r"(^|\s)#.*$", "", together, flags=re.MULTILINE)


@cache
def schema():
    """azurerm's, of the types that we use: all of them, as Terraform writes it, are a thousand. Or from an extract."""
    found = json.loads(SCHEMA.read_text())
    if "provider_schemas" in found:
        found = found["provider_schemas"]["registry.terraform.io/hashicorp/azurerm"]
        found["provider_config"] = found["provider"]["block"]
    else:
        for kind, left_out in (
            ("resource_schemas", NOT_IN_THE_EXTRACT),
            ("data_source_schemas", DATA_NOT_IN_THE_EXTRACT),
        ):
            found[kind] = {name: {"block": {"attributes": each}} for name, each in left_out.items()} | found[kind]
    used = {block.type for folder in (MAIN, BOOTSTRAP) for block in blocks(folder)}
    for kind in ("resource_schemas", "data_source_schemas"):
        found[kind] = {name: each for name, each in found[kind].items() if name in used}
    return found
