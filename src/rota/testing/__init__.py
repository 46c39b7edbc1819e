"""The test kit: a distributor in memory, a clock moved by hand, and assertions about tasks."""

from rota.testing.clock import Clock
from rota.testing.distributor import TestDistributor

__all__ = ["Clock", "TestDistributor"]
