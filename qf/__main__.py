"""`python -m qf` is the `qf` command."""

from qf.cli.main import run

if __name__ == "__main__":
    run()
