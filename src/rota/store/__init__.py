"""The store: what Rota remembers. One protocol, two databases; SQL lives here alone."""
