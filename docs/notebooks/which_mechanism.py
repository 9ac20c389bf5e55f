# %% [markdown]
# # Which mechanism follows what people value?
#
# Half of the donors of this town belong to the circle around one project and give nearly all to it; the other half look
# at all projects they have heard of. Quadratic funding was made to let many small gifts count. Does it also tell
# *wide* support from *close-knit* support?

# %%
import tempfile
from pathlib import Path

import polars as pl

from simulations.experiment import experiment_of, run
from simulations.report.figures import figures
from simulations.report.statistics import paired
from simulations.report.words import sentences

pl.Config.set_tbl_rows(20)

# %% [markdown]
# A scenario is a document: what is not said has a default. `experiment_of` names every typo before anything runs.

# %%
experiment = experiment_of(
    {
        "scenario": {
            "id": "cores",
            "seed": 1,
            "replications": 60,
            "mechanisms": ["quadratic", "pairwise", "cluster_connection", "headcount"],
        },
        "projects": {"count": 12},
        "population": {
            "donors": 240,
            "valuations": {"model": "core_and_visitors", "core": 0.5, "loyalty": 0.9},
        },
    }
)
experiment.digest

# %% [markdown]
# Every mechanism settles the same 60 rounds. One row comes of each run.

# %%
results = run(experiment, Path(tempfile.mkdtemp()))
results.runs.select("replication", "mechanism", "welfare_ratio", "alignment", "gini", "top_share").head(8)

# %%
results.runs.group_by("mechanism", maintain_order=True).agg(
    pl.col("welfare_ratio", "alignment", "gini", "top_share").mean().round(4)
)

# %% [markdown]
# Means of different mechanisms are close to each other, and every round is different: but each mechanism met the *same*
# rounds, so that the differences within a round are known far better than the means.

# %%
for name, difference in paired(results.runs, "alignment").items():
    print(f"{name:20} {difference.mean:+.4f}   95 % interval {difference.low:+.4f} to {difference.high:+.4f}")

# %%
drawings = {drawing.name: drawing for drawing in figures(results)}
drawings["differences"]

# %% [markdown]
# And who is paid what: the grey band is what donors value.

# %%
drawings["shares"]

# %%
print("\n".join(sentences(results)))
