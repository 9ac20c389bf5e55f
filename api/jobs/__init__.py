"""Work that outlives a request: kept in the database, done by a worker, begun again if the worker dies."""

from api.jobs.queue import enqueue

__all__ = ["enqueue"]
