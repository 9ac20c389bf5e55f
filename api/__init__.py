"""The service: rounds, projects, donors and settlement over HTTP; what is paid to whom is decided by `qf` alone."""
