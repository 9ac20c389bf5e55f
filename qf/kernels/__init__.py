"""Inner loops over plain arrays: no round, no donor names, no policy. Everything here is a pure function."""
