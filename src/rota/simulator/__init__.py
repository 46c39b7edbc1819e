"""The simulator: the real engine on a database in memory, a virtual clock, simulated agents. Seeded and repeatable."""
