"""`rota mcp`: the process that a client starts. It speaks JSON-RPC over its standard streams and passes calls on.

Standard library only, and as little of that as there is a use for: fifty of them stand beside fifty agents.
"""
