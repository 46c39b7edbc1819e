"""Planning: from a snapshot to decisions. Pure: no I/O, no clock, no globals, no randomness but a seed."""
