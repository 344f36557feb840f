"""A run lives in a process of its own: `sys.exit()`, a leak, a hang or a crash in C ends that run and nothing else.

    worker (threads, connections)
      └─ server      Django loaded, no thread, no connection; forks in milliseconds          server.py
           └─ guardian   one a run: reaps, measures, kills all descendants                    guardian.py
                └─ child     run_from_argv(...), as manage.py does              child.py, command.py, logs.py

The worker asks the server over a Unix socket and passes file descriptors along (client.py). Guardian and worker share a
socket of their own (orders.py): when the worker dies, the guardian reads its end and kills the whole tree; when it is
stopped, the guardian does so at the fence. All processes of a run carry its mark (marks.py).
"""
