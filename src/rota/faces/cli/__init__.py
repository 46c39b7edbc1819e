"""The shell: one module a command, imported when it is called."""
