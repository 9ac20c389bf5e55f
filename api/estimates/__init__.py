"""What a gift would do: asked of the donations of a round as they stand, kept in memory."""
