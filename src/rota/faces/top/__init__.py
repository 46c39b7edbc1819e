"""`rota top`: the whole place on one screen, and the keys that change something of it."""
