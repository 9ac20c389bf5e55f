"""How much donors count: evidence about them, operators' words, and what donors say to that."""
