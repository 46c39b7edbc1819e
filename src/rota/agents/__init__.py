"""Agents as processes: commands and Python functions, started, watched and ended for one task at a time.

Nothing is imported here: `python -m rota.agents.process.child` passes through this file and must start quickly.
"""
