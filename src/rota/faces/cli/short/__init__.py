"""Short commands: declared as data, read by the standard library alone, so that each ends within a tenth of a second.

See docs/decisions/0022-short-commands.md.
"""
