"""Who types a command: what the ledger keeps as `requested_by` or `cancelled_by`."""

import getpass
import os
import socket


def operator() -> str:
    """The account and machine of this process: anna@laptop."""
    try:
        account = getpass.getuser()
    except (KeyError, OSError):
        # A container may run under a number that has no name.
        account = f"uid{os.getuid()}"
    return f"{account}@{socket.gethostname()}"
