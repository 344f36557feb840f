"""The dashboard: pages that a person reads and acts by. docs/design.md, "Pages", says how one is made."""
