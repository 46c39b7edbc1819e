"""Every statement Rota sends, by the table it is mostly about."""
