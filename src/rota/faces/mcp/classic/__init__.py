"""The 14 tools of taskqueue-mcp, over Rota's own database."""
