"""The same commands for a ledger that is elsewhere, over its API. They need no Django project."""
