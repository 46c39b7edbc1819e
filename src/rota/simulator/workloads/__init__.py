"""Where simulated tasks come from: traces in files, and generators."""
