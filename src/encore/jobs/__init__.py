"""Work for later: the django-tasks API over a table of our own.

A job is done at least once and takes effect once: its effects and its end are one transaction. What leaves the house
cannot be taken back, so where nobody knows whether it left, the job is *unclear*, and people decide.
"""

from encore.jobs.running import LostLease, NothingWentOut, effects, finish_running

__all__ = ["LostLease", "NothingWentOut", "effects", "finish_running"]
