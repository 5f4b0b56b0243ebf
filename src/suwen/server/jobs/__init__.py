"""Jobs: long work that outlives a request and a restart, with progress, cancelling and a result for its owner alone.

A room registers its kinds of work beside its pages: `register(Kind("screening", run, Saying(...)))`, where `run` takes
a `Context` and gives the result. A handler asks for work by `jobs_of(request).submit(visitor.actor, "screening", ...)`.
"""

from suwen.govern import Job, JobFile, JobState
from suwen.server.jobs.context import Context
from suwen.server.jobs.desk import Jobs, jobs_of
from suwen.server.jobs.kinds import KINDS, Kind, kind_of, register

__all__ = ["KINDS", "Context", "Job", "JobFile", "JobState", "Jobs", "Kind", "jobs_of", "kind_of", "register"]
