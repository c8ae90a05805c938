"""How each number is made, for whoever reads it: in words, with its source, and from how many answers on there is one."""

from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from encore.statistics.control import LEAST_PERIODS
from encore.statistics.counting import LEAST
from encore.statistics.effects import LEAST_A_SIDE, LEAST_ASSIGNMENTS
from encore.statistics.estimate import LEAST_OF_A_CELL, LEAST_OF_A_PERSON, LEAST_OF_AN_INDEX
from encore.statistics.structure import LEAST_A_DRIVER
from encore.statistics.weights import LEAST_IN_A_CELL


@dataclass(frozen=True)
class Method:
    label: str | Promise
    formula: str | Promise
    source: str
    least: str | Promise


def _answers(number: int) -> str | Promise:
    return format_lazy(_("{number} answers"), number=number)


METHODS: Final[dict[str, Method]] = {
    "wilson": Method(
        _("a share"),
        _(
            "How many said yes, of all who answered; the interval holds all shares that such an answer would not be strange for. "
            "It never ends at none or at all for a few answers: ten of ten is 72% to 100%."
        ),
        "Wilson 1927; Newcombe 1998",
        format_lazy(_("{number} answer; for kept deadlines {things} cases"), number=1, things=LEAST),
    ),
    "newcombe": Method(
        _("a change of a share"),
        _("The second share less the first; the interval is put together from those of the two."),
        "Newcombe 1998",
        _("as the two shares"),
    ),
    "goodman": Method(
        _("the shares of several answers at once"),
        _("Each answer's share of all; the intervals are wide enough to hold together."),
        "Goodman 1965",
        format_lazy(_("{number} of each answer"), number=LEAST_OF_A_CELL),
    ),
    "net_promoters": Method(
        _("net promoter score"),
        _(
            "The share of those who answered 9 or 10, less that of those who answered 0 to 6, times 100. With two hundred answers "
            "it moves by ten either way by chance alone."
        ),
        "Agresti and Min; Rocks 2016",
        _answers(LEAST_OF_AN_INDEX),
    ),
    "t": Method(
        _("a mean or an index"),
        _(
            "All answers added up, by their number; the interval is Student's. An answer from 1 to 5 is written as 0 to 100."
        ),
        "Student 1908; ISO 10004",
        _answers(LEAST_OF_AN_INDEX),
    ),
    "bca": Method(
        _("a mean of few answers, or of answers that come from the same rooms"),
        _(
            "The mean is computed again from answers drawn anew, room by room, two thousand times; for fewer than 1,000 answers."
        ),
        "Efron 1987",
        _answers(LEAST_OF_AN_INDEX),
    ),
    "taylor": Method(
        _("a weighted mean"),
        _(
            "Each answer counts by its weight; the error minds how the sample was drawn and which answers come from one room."
        ),
        "Särndal, Swensson and Wretman 1992",
        _answers(LEAST_OF_AN_INDEX),
    ),
    "weights": Method(
        _("weights"),
        _(
            "An answer weighs more where its kind of guest answered less often than it came. No weight is above five times the "
            "middle one. What weighting costs is shown as the number of equal answers that it leaves."
        ),
        "Deming and Stephan 1940; Kish 1965",
        format_lazy(_("{number} answers in each cell"), number=LEAST_IN_A_CELL),
    ),
    "welch": Method(
        _("a change of a mean"),
        _(
            "The second mean less the first. An arrow is shown only where the whole interval lies on one side of nought."
        ),
        "Welch 1947",
        format_lazy(_("{number} answers each time"), number=LEAST_OF_AN_INDEX),
    ),
    "draw": Method(
        _("whom to ask"),
        _(
            "From each stratum those whose number, hashed with a seed that is kept, comes first: anybody can draw it again and "
            "finds the same. The share that answered is of all who were drawn; where anybody can answer, there is none."
        ),
        "Cochran 1977; AAPOR RR1, RR2",
        "–",
    ),
    "cronbach": Method(
        _("whether questions hang together"),
        _(
            "Cronbach's alpha: how much of the spread of the sum is not the spread of its parts; the interval is Feldt's."
        ),
        "Cronbach 1951; Feldt 1987",
        _("3 questions"),
    ),
    "lmg": Method(
        _("what goes together with the whole"),
        _(
            "What each dimension adds to the spread that is explained, on average over all orders. It says nothing of causes."
        ),
        "Lindeman, Merenda and Gold 1980",
        format_lazy(_("{number} answers for each dimension"), number=LEAST_A_DRIVER),
    ),
    "shrunk": Method(
        _("a person's score"),
        _("Their own mean, drawn towards that of all: the more, the fewer answers there are and the more they spread."),
        "Efron and Morris 1973; Goldstein and Spiegelhalter 1996",
        _answers(LEAST_OF_A_PERSON),
    ),
    "p_chart": Method(
        _("a change over time"),
        _(
            "Called a change only where a period lies further than three standard errors from the centre, or is the eighth in a "
            "row on one side of it. For shares, for counts, and for single values by how much neighbours differ."
        ),
        "Shewhart 1931; ISO 7870-2",
        format_lazy(_("{number} periods"), number=LEAST_PERIODS),
    ),
    "permuted": Method(
        _("what a measure brought, against venues without it"),
        _(
            "How much more the venues with the measure changed than the others. With fewer than twenty venues it is tried out "
            "how large a difference would be if the measure had fallen on others of them."
        ),
        "Fisher 1935; Bertrand, Duflo and Mullainathan 2004",
        format_lazy(_("{number} ways in which it could have fallen"), number=LEAST_ASSIGNMENTS),
    ),
    "segments": Method(
        _("what a measure brought, against the time before"),
        _(
            "A line before and one after: the jump between them, and how much steeper the second is. Whatever else happened is in it."
        ),
        "Lopez Bernal, Cummins and Gasparrini 2017; Newey and West 1987",
        format_lazy(_("{number} periods on each side"), number=LEAST_A_SIDE),
    ),
    "adjusted": Method(
        _("many comparisons"),
        _("Of twenty comparisons one is strange by chance: the more there are, the more each has to show."),
        "Holm 1979; Benjamini and Hochberg 1995",
        "–",
    ),
}

# What is told under another's name.
ALSO: Final = {
    "p_chart": ("c_chart", "individuals"),
    "permuted": ("clustered",),
    "segments": ("newey_west",),
}
