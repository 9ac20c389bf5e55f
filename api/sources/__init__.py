"""Where donations of a round come from: chains, payment providers, files, desks."""
