"""Running one process for one task: started, watched, measured, and ended with everything it started."""
