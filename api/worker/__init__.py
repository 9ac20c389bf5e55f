"""What works off the queue.

`registry` knows all kinds of job, `working` does one, `upkeep` queues what recurs, `tidying` is a job of its own, and
`processes` keeps the processes alive that do them.
"""
