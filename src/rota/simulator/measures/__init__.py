"""What is measured while a simulation runs, each folded as it comes: memory does not grow with the workload."""
