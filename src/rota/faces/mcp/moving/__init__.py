"""Between the JSON file of taskqueue-mcp and a database of Rota, both ways, without loss."""
