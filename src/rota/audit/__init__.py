"""The audit: proves or refutes, from the event log, that the promise was kept."""
