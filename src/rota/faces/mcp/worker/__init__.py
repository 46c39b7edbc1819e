"""Tools of whoever does tasks: the task-queue of the documentation."""
