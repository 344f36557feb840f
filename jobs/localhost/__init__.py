"""The local Functions host, for development and tests: the real worker library behind timers, HTTP and the doorbell.

Nothing imports it but its command, `manage.py functions`, and the sign-in URL of a local project. What it imitates is
described in docs/reference/azure.md; what it can't show is listed in docs/unproven.md.
"""
