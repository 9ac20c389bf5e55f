"""Projects: they apply, are reviewed, and take part in a round."""
