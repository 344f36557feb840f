"""Nightshift beside a Django project that exists, with a settings module of its own.

    from shop.settings import *

    from jobs.beside import add_nightshift

    add_nightshift(globals())

It is imported while settings load: nothing here imports models, or reads settings, on its own.
"""

from jobs.beside.settings import add_nightshift

__all__ = ["add_nightshift"]
