"""`make bench`: measure everything, print the ratios, and write them to RESULTS.md.

python -m benchmarks [ledger isolation output masking beside cron]     these alone; RESULTS.md is left as it is
"""

import os
import sys

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    import django

    django.setup()
    from benchmarks.report import main

    main(sys.argv[1:])
