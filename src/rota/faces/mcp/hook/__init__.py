"""`rota hook`: what Claude Code runs at the turns of a session's life. Standard library only: it must be quick.

A hook never fails the session. What is wrong goes to the standard error, and the exit code is 0.
"""
