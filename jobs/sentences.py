"""Exceptions that say what was found and what to do next. Each sentence is written once, in the class's docstring."""

import inspect


class Sentence(Exception):
    """An exception whose docstring is its message: each {name} in it stands for a value that the exception is given.

    The values become its attributes. A subclass may add paragraphs after a blank line: they are no part of the message.
    """

    def __init__(self, **values: object) -> None:
        vars(self).update(values)
        message = inspect.cleandoc(type(self).__doc__ or type(self).__name__).partition("\n\n")[0]
        super().__init__(" ".join(message.split()).format(**values))
