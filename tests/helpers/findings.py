"""What Django's checks found, as tests compare it."""


def findings(check):
    """What a check says: id, message, and hint without the place of the declaration."""
    return [(found.id, found.msg, found.hint.rpartition(" (tests.")[0] or found.hint) for found in check()]
