"""The forms in which a secret may stand in output: as it is, encoded, and line by line."""

import base64
import json
import os
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

# A shorter value, in letters, would mask half of all output.
SHORTEST = 6
# A shorter line of a secret, in letters, is too common to be masked by itself.
SHORTEST_LINE = 16
# A shorter value, in bytes, is so little of another's Base64 that it would be found where it isn't.
SHORTEST_IN_BASE64 = 12
# A key in one line of a variable has its line ends as two letters each.
_LINE_END = re.compile(r"\r?\n|(?:\\r)?\\n")
# As MIME and coreutils wrap Base64, and as PEM does.
_WRAPPED = (76, 64)


def forms(secret: str) -> set[bytes]:
    """All byte strings that give this secret away; none where it is too short to be masked."""
    if len(secret.strip()) < SHORTEST:
        return set()
    found = set()
    for value in {secret, secret.strip()}:
        found |= {os.fsencode(value), *_escaped(value), *_in_base64(os.fsencode(value))}
    return found | {os.fsencode(line) for line in _lines(secret)}


def _escaped(value: str) -> Iterator[bytes]:
    """As JSON, Python's repr, and a URL have it."""
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False), repr(value)):
        yield os.fsencode(text[1:-1])
    raw = os.fsencode(value)
    for text in (quote(raw), quote(raw, safe=""), quote_plus(raw)):
        yield text.encode()


def _in_base64(value: bytes) -> Iterator[bytes]:
    """As it stands within the Base64 of anything: three ways, by how many bytes stand before it."""
    if len(value) < SHORTEST_IN_BASE64:
        return
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        alone = encode(value)
        yield alone
        for width in _WRAPPED:
            if len(alone) > width:
                lines = (alone[place : place + width] for place in range(0, len(alone), width))
                yield from (line for line in lines if len(line) >= SHORTEST_LINE)
        for before in range(3):
            # Letters that hold bits of a neighbour differ with it.
            first, end = -(-before * 8 // 6), (before + len(value)) * 8 // 6
            yield encode(bytes(before) + value)[first:end]


def _lines(secret: str) -> Iterator[str]:
    """Each line of a secret that has several, but for the frame of a PEM, which isn't secret."""
    lines = [line.strip() for line in _LINE_END.split(secret)]
    if len(lines) > 1:
        yield from (line for line in lines if len(line) >= SHORTEST_LINE and not line.startswith("-----"))
