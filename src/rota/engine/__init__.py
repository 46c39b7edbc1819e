"""The engine: decides when. Turns, group commit, timers, leases; it plans with `planning` and remembers with `store`."""
