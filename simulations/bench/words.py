"""What the page of QF-Bench says around its tables."""

INTRODUCTION = """\
# QF-Bench

Every mechanism on the same rounds, under the same attacks. The rounds are made up so that they look like real ones, and
since they are made up it is known what each project is worth to the donors. Version {version}; the whole page is the
output of

```sh
python -m simulations bench --out docs/reference/qf-bench.md
```

which takes about three minutes of one core. Seeds are frozen, and the figures do not depend on how many processes
(`--jobs`) there are. SHA-256 of all scenarios: `{digest}`.

{tracks}
Who gives to how many projects, how many donors projects have, what is given, and which donors projects share are as in
the real round ([how near](#how-near-the-rounds-are-to-real-ones)); who gives to what is random. What a donor values is
drawn: the quality of a project times a taste of the donor's own, log-normal with deviation 1, also for projects the
donor has not heard of. A project is *worth* the sum of that, in money. Quality is log-normal and as unequal as fame,
the number of donors of a project, is in the real round; how well the two agree no data can say, and a correlation of
ranks of about 0.5 is assumed.
"""
"""What it is, how it is made."""

BOARD = """\
## Leaderboard

*Alignment* is the part of the pool that goes where worth says: 1 - half the l1 distance between shares of payouts and
of worth. A mechanism is placed by what is left of it under the attack that harms it most, averaged over the tracks.
*Welfare* is the sum of worth times ln(1 + gifts + payout) by the most the same money could have bought. *Gini* is that
of the payouts. `equal`, `headcount` and `proportional` are baselines. Every mechanism meets the same donors, so small
differences count for more than the standard errors below suggest.

"""
"""Before the leaderboard."""

ATTACKED = """\
## What attackers make

Mean profit in percent of the pool: what the attackers' projects are paid more, less what attackers give to others or
pay to donors. The target is a random project, accounts cost nothing. *sybil*: 100 accounts give 1 each; *cover*: each
also gives 1 to so many others; *split*: 300 through 20 accounts; *ring*: 20 people give 10, get it back and 1 on top;
*reciprocal*: three owners give each other 100; *fork*: the project twice, half of its donors divide their gifts; *last
minute*: the 100 accounts for whichever project gains most under quadratic funding; *bribery*: a tenth of the donors
move half of their gifts for 20 %; *deleted*: a tenth of those who give the target nothing stay away; *added*: 50 people
give it 1 each; *wash*: the owner gives 300; *airdrop*: 200 accounts give 0.1 to 5 projects each, and own none.

"""
"""Before what attackers make."""

TRACKED = """\
## By track

Alignment without attack, and the profit of 100 plain sybils in percent of the pool; mean ± standard error.

"""
"""Before the figures of each track."""

MERITED = """\
## If fame says nothing, or everything

Alignment without attack where fame tells nothing of quality (0), something (0.5, as above) and all (1); mean of tegr2,
tegr3 and gr3. Which of these is true cannot be read off real rounds.

"""
"""Before other values of merit."""

HUNTED = """\
## Attacks found by search

In a round of tegr3, for the project in the middle, with 300 at hand, at most 100 accounts and no price on them:
`simulations.search` tries the usual strategies (100 accounts with 1 each, and cover of 1 for none, one or two others),
random ones, and the neighbours of the best. Profit in money, the pool being 50,000; from which price of an account on
nothing found pays; and the part of the pool that was moved to the project with 10, 100 and 1,000 at hand. What is found
is a lower bound.

"""
"""Before what a search found."""

CALIBRATED = """\
## How near the rounds are to real ones

Counted in the real round, and on average in generated ones. *single*: part of the donors with one gift;
*donors_per_project*: median; *gini_donors*: of the numbers of donors of projects; *gini_match*: of quadratic matches;
*overlap*: root mean square cosine of the donors of two projects.

"""
"""Before the comparison with real rounds."""

LIMITS = """\
## What it does not say

Donors do not know the mechanism and do not answer to it; the attacks are of fixed size; nobody checks identities.
`equal` gives every project the same, whatever donors do: it is hard to attack by gifts, and by listing more projects it
is easiest. A mechanism that does well here does well under these assumptions.
"""
"""The end."""
