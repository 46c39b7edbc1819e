"""Checking a fleet and its tasks before anything runs: what cannot be done, what it will take."""
