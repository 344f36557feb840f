from datetime import timedelta

from jobs import declare

declare("clearsessions", schedule="0 0 3 * * *")
declare("doctor", timeout=timedelta(minutes=5))
