"""File mode: the tools of taskqueue-mcp on its own JSON file, with nothing between. Standard library only.

The file is the truth on every call: it is read anew, changed and put in place whole before the answer goes out, so
that other programs, editors and git may change it at any time. There is no owner, no database and no lease here.
"""
