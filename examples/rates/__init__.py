"""The European Central Bank's euro reference rates, imported by a job and read through an API."""
