"""Work that outlives a request: kept in the database, done by a worker, begun again if the worker dies.

enqueue     in the transaction that needs the work done
claim       one job, leased to a worker for a while
keep        the worker still lives
finish      done, or to be tried again later, or failed for good; only by the worker that has the lease
"""

from api.jobs.queue import Handler, claim, enqueue, finish, keep

__all__ = ["Handler", "claim", "enqueue", "finish", "keep"]
