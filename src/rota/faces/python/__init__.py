"""Python: one client for every way to a database, agents and dispatchers. `from rota import connect, Agent`."""
