"""The Terraform files, read: every block with its address, and the text for what hides in expressions."""

import json
import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import hcl2
from hcl2.utils import SerializationOptions

ROOT = Path(__file__).resolve().parents[2]
MAIN = ROOT / "terraform"
BOOTSTRAP = MAIN / "bootstrap"
# The provider's schema isn't ours to keep here: it lies beside the repository, or where this variable says.
SCHEMA = ROOT / os.environ.get("AZURERM_SCHEMA", "../shared/azurerm-schema.json")
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


def schema():
    return json.loads(SCHEMA.read_text())
