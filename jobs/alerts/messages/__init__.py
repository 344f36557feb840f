"""Messages, written for a phone at night: what, since when, how bad, the last lines of output, what to do.

The same words in text and HTML. `wording` has the sentences, `story` what they are about, `making` puts them together.
"""

from jobs.alerts.messages.making import message, of_run

__all__ = ["message", "of_run"]
