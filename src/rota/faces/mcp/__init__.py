"""MCP: the tools that agents call, the face inside the owner of a database, and the thin process clients start."""
