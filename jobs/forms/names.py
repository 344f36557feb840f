"""How the fields of a form are called, beside the parameters that they are named after."""

# The raw line of words.
RAW = "_words"
# Behind the name of an option that may be passed without its value.
ALONE = ".alone"
# Behind the name of a field whose secret was given before: this time it is not to be passed.
LEFT_OUT = ".left_out"


def way(before: str, parameter: str, subcommand: str) -> str:
    """What the names of a subcommand's fields begin with, as `fields_of` has it."""
    return f"{before}{parameter}.{subcommand}."


def group(before: str, place: int) -> str:
    """The choice of one of a group's parameters."""
    return f"{before}_one_of_{place}"
