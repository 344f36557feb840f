"""What people and programs do with jobs and runs, whatever door they come by.

Each verb takes the actor first, decides whether it may do this, leaves an event, and hands on to the ledger. A refusal
raises Unseen or Refused, and leaves an event too.
"""
