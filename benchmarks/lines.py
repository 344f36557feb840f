"""The lines that a measured run says: about 60 bytes each, as an import's log has them."""

TIMES = 300
THOUSAND = "".join(
    f"row {number:>5,} of the import: customer {number * 7919 % 99991:05} was updated\n" for number in range(1000)
)
LINES = TIMES * 1000
BYTES_A_LINE = len(THOUSAND) // 1000
