"""Work that outlives a request: kept in the database, done by a worker, begun again if the worker dies.

enqueue     in the transaction that needs the work done
claim       one job, leased to a worker for a while
keep        the worker still lives
finish      done, or to be tried again later; only by the worker that has the lease
give_up     failed for good: begun as often as is tried, and not done

`api.jobs.registry` knows all kinds of job, `working` does one, `upkeep` queues what recurs, and `processes` keeps
the processes alive that do them.
"""

from api.jobs.queue import Failure, Handler, claim, enqueue, finish, keep

__all__ = ["Failure", "Handler", "claim", "enqueue", "finish", "keep"]
