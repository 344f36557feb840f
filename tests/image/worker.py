"""The worker: indexes the app with the library that Azure runs, executes one run, and stays.

python -m tests.image.worker RUN
"""

import asyncio
import sys

from jobs.localhost.protos import typed
from jobs.localhost.worker import Worker


async def main(run):
    from django.conf import settings

    worker = Worker()
    functions = {function.name: function for function in await worker.index(settings.BASE_DIR)}
    print("worker: ready", flush=True)
    await worker.invoke(functions["execute_run"], typed(string=run), {"Id": typed(string="1")})
    print("worker: done", flush=True)
    await asyncio.sleep(600)


if __name__ == "__main__":
    import django

    django.setup()
    asyncio.run(main(sys.argv[1]))
