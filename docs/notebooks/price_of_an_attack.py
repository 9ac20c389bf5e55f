# %% [markdown]
# # What must an account cost?
#
# One person makes a hundred accounts and gives a dollar from each to one project. Rules that discount whoever gives
# alike see through that, until every account also gives a dollar to a few other projects as *cover*. At which price of
# an account does the attack stop paying?

# %%
import tempfile
from pathlib import Path

import polars as pl

from simulations.experiment import experiment_of, run
from simulations.report.figures import figures

# %% [markdown]
# A sweep varies one key of the scenario, here `cover` of the first attack. All cells meet the same donors.

# %%
experiment = experiment_of(
    {
        "scenario": {
            "id": "cover",
            "seed": 3,
            "replications": 40,
            "mechanisms": ["quadratic", "pairwise", "cluster_profile", "cluster_connection"],
        },
        "pool": {"amount": "5000000"},
        "projects": {"count": 15},
        "population": {"donors": 300},
        "attacks": [{"model": "sybil", "accounts": 100, "amount": 1.0}],
        "sweep": {"over": {"attacks.0.cover": [0, 1, 2, 4]}},
    }
)
results = run(experiment, Path(tempfile.mkdtemp()))
results.runs.height

# %% [markdown]
# The break-even price: an attacker who pays more for an account loses money.

# %%
results.runs.pivot(
    "mechanism", index="attacks.0.cover", values="break_even_price", aggregate_function="mean"
).with_columns(pl.exclude("attacks.0.cover").round(2))

# %%
drawings = {drawing.name: drawing for drawing in figures(results)}
drawings["sweep-1"]

# %% [markdown]
# An attacker chooses the best cover for the mechanism. What a round has to make an account cost is therefore the
# largest number of each column.

# %%
mean = results.runs.group_by("mechanism", "attacks.0.cover", maintain_order=True).agg(pl.col("break_even_price").mean())
for (name,), cells in mean.group_by("mechanism", maintain_order=True):
    best = cells.sort("break_even_price", descending=True).row(0, named=True)
    print(f"{name:20} {best['break_even_price']:6.2f} with cover {best['attacks.0.cover']}")
