"""The donations of rounds that are asked about, held in memory, so that an estimate reads no table."""
