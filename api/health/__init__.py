"""How the service is: whether it lives, whether it is ready, and numbers about both."""
