"""The only code that talks to a node: reading donations, proving that all were read, reconciling, paying out."""
