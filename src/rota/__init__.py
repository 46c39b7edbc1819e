"""Rota gives the right task to the right agent: a durable task distributor for fleets of agents."""

__version__ = "0.1.0"
