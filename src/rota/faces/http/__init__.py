"""HTTP: every operation of the table as a route, and what goes with a service."""
