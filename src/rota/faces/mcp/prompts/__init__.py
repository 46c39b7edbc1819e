"""Texts that start an agent on a job: working, planning, dispatching, reviewing, finding out what went wrong."""
