"""Colours and weights of text on a terminal (ECMA-48's SGR), as names of CSS classes: nothing needs an inline style."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
# Of these 16, as xterm shows them: other colours become the nearest one, which a theme can choose.
RGB = (
    *((0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229)),
    *((127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255), (255, 0, 255), (0, 255, 255)),
    (255, 255, 255),
)
CUBE = (0, 95, 135, 175, 215, 255)
ON = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "inverse", 9: "strike"}
OFF = {
    22: {"bold", "dim"},
    23: {"italic"},
    24: {"underline"},
    27: {"inverse"},
    29: {"strike"},
}


@dataclass(frozen=True, slots=True)
class Style:
    """A colour and a background of 16, None for the theme's own, and `weights`: bold, underline …"""

    colour: int | None = None
    background: int | None = None
    weights: frozenset[str] = frozenset()

    def changed(self, parameters: str) -> "Style":
        """This style after an escape sequence with these parameters: "1;31". What isn't known changes nothing."""
        codes = iter([int(code or 0) for item in parameters.split(";") for code in _codes(item)])
        style = self
        for code in codes:
            style = _after(style, code, codes)
        return style

    def parameters(self) -> str:
        """What makes this style of none."""
        codes = ["0", *(str(code) for code, weight in ON.items() if weight in self.weights)]
        for colour, base in ((self.colour, 30), (self.background, 40)):
            if colour is not None:
                codes.append(str(base + colour if colour < 8 else base + 52 + colour))
        return ";".join(codes)

    def classes(self) -> tuple[str, ...]:
        """Names of CSS classes: ansi-red, ansi-on-bright-blue, ansi-bold."""
        return _classes(self)


PLAIN = Style()


@lru_cache(1024)
def _classes(style: Style) -> tuple[str, ...]:
    colours = [
        f"ansi-{place}{'bright-' if colour >= 8 else ''}{NAMES[colour % 8]}"
        for colour, place in ((style.colour, ""), (style.background, "on-"))
        if colour is not None
    ]
    return (*colours, *(f"ansi-{weight}" for weight in ON.values() if weight in style.weights))


def _codes(item: str) -> list[str]:
    """The codes of one parameter, whose parts may be divided by colons: a colour's, or an underline's form."""
    first, *parts = item.split(":")
    if first == "4" and parts[:1] == ["0"]:
        return ["24"]
    if first not in ("38", "48", "58"):
        return [first]
    # Before red, green and blue there may be the number of a space of colours.
    return [first, *parts[:1], *parts[-3:]] if len(parts) > 4 else [first, *parts]


def _after(style: Style, code: int, following: Iterator[int]) -> Style:
    match code:
        case 0:
            return PLAIN
        case _ if code in ON:
            return replace(style, weights=style.weights | {ON[code]})
        case _ if code in OFF:
            return replace(style, weights=style.weights - OFF[code])
        case 38 | 48 | 58:
            colour = _extended(following)
            if colour is None or code == 58:  # an underline's
                return style
            return replace(style, colour=colour) if code == 38 else replace(style, background=colour)
        case 39:
            return replace(style, colour=None)
        case 49:
            return replace(style, background=None)
        case _ if 30 <= code <= 37 or 90 <= code <= 97:
            return replace(style, colour=code - 30 if code < 40 else code - 82)
        case _ if 40 <= code <= 47 or 100 <= code <= 107:
            return replace(style, background=code - 40 if code < 50 else code - 92)
    return style


def _extended(following: Iterator[int]) -> int | None:
    """The colour of 16 nearest to `5;n` or `2;r;g;b`; None where it is neither."""
    kind = next(following, 0)
    values = [next(following, 0) for _ in range({5: 1, 2: 3}.get(kind, 0))]
    if any(value > 255 for value in values):
        return None
    if kind == 5:
        return _of_256(values[0])
    return _nearest(values) if kind == 2 else None


def _of_256(number: int) -> int:
    if number < 16:
        return number
    if number >= 232:
        return _nearest([8 + 10 * (number - 232)] * 3)
    return _nearest([CUBE[(number - 16) // step % 6] for step in (36, 6, 1)])


def _nearest(rgb: Sequence[int]) -> int:
    return min(range(16), key=lambda place: sum((one - two) ** 2 for one, two in zip(rgb, RGB[place], strict=True)))
