"""`make bench`: measure, print what was found, and write RESULTS.md.

python -m benchmarks              all rows but the long ones
python -m benchmarks 2 4 10       these rows alone; the page keeps the others as they were
python -m benchmarks all          all rows
"""

import os
import sys

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    import django

    django.setup()
    from benchmarks.report import main

    main(sys.argv[1:])
