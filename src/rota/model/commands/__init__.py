"""Commands and their answers: what can be asked of the engine, as plain values."""
