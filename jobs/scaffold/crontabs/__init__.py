"""A crontab, read line by line, and the declarations that say the same."""
