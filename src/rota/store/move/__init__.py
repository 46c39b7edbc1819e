"""Carrying a whole database over to another place, of the same kind or the other one."""
