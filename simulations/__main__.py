"""`python -m simulations`: the commands of the laboratory."""

from simulations.cli import app

if __name__ == "__main__":
    app(prog_name="python -m simulations")
