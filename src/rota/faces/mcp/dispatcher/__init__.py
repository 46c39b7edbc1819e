"""Tools of whoever gives tasks to others: the load-balancer and scheduler of the documentation."""
