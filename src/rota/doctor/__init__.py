"""The doctor: looks for trouble with this machine, the place of a database and the database itself."""
