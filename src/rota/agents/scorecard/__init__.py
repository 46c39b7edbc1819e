"""The scorecard: what a run came to, computed from the database's own record, every figure exact."""
