"""Speed of the HTTP face."""
