"""The engine decides when: turns, group commit, timers, leases. `planning` chooses, `store` remembers."""
