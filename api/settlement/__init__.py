"""Settlement: computed by a worker, approved by a second person, published once."""
