"""Worked examples of domain apps: how an app looks in a Nightshift project."""
