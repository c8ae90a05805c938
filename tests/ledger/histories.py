"""Histories by chance: anything may happen on a few complaints, and now and then to the whole contract."""

from datetime import datetime, timedelta
from random import Random

from encore.contracts.models import Contract
from encore.ledger.terms import keep_edition
from encore.ledger.writing import Draft
from tests.ledger.events import EDITION, drafted

TYPES = [
    "complaint.received",
    "complaint.verified",
    "complaint.assessed",
    "complaint.planned",
    "complaint.replied",
    "complaint.progress_sent",
    "complaint.escalated",
    "complaint.archived",
    "complaint.withdrawn",
    "duty.extended",
    "duty.excused",
    "event.annulled",
    "force_majeure.declared",
    "force_majeure.lifted",
    "force_majeure.fallen",
    "contract.amended",
    "contract.ended",
]
WEIGHTS = (9, 7, 7, 6, 4, 6, 2, 5, 2, 3, 3, 3, 1, 1, 0.5, 0.5, 0.1)


def something(chance: Random, trial: Contract, at: datetime, recorded: list[int]) -> Draft:
    """Any event, on one of three complaints, sometimes with another as a reference."""
    [kind] = chance.choices(TYPES, weights=WEIGHTS)
    subject = f"complaint:{chance.randint(7, 9)}"
    refs = f"complaint:{chance.randint(7, 9)}" if chance.random() < 0.2 else ""
    match kind.partition(".")[0]:
        case "duty":
            data = {"duty": chance.choice(["verify", "plan", "reply", "care"]), "reason": "trial"}
            if kind == "duty.extended":
                data["until"] = (at + timedelta(hours=chance.randint(1, 300))).isoformat()
            return drafted(trial, kind, subject, at, **data)
        case "event":
            return drafted(trial, kind, f"contract:{trial.pk}", at, id=chance.choice(recorded))
        case "force_majeure":
            return drafted(trial, kind, f"force_majeure:{chance.randint(1, 2)}", at)
        case "contract":
            data = {"edition": amended(chance)} if kind == "contract.amended" else {}
            return drafted(trial, kind, f"contract:{trial.pk}", at, **data)
    data = {"severity": chance.choice(["major", "minor"])} if kind == "complaint.assessed" else {}
    return drafted(trial, kind, subject, at, refs, **data)


def amended(chance: Random) -> str:
    hours = chance.choice(["6h", "36h"])
    every = chance.choice(["1w", "4d"])
    text = EDITION.replace('within = "24h"', f'within = "{hours}"').replace('every = "1w"', f'every = "{every}"')
    return keep_edition(text.encode(), "amended.toml")


def of_all(chance: Random, trial: Contract, at: datetime) -> Draft:
    """What concerns the whole contract."""
    kind = chance.choice(
        ["declared", "declared", "lifted", "lifted", "fallen", "amended", "amended", "published", "ended"]
    )
    match kind:
        case "amended":
            return drafted(trial, "contract.amended", f"contract:{trial.pk}", at, edition=amended(chance))
        case "ended":
            return drafted(trial, "contract.ended", f"contract:{trial.pk}", at)
        case "published":
            days = [f"2028-01-{day:02}" for day in chance.sample(range(3, 29), 6)]
            work = [f"2028-01-{day:02}" for day in (8, 9, 15, 16) if f"2028-01-{day:02}" not in days][:1]
            return drafted(
                trial, "calendar.published", f"calendar:{chance.randint(1, 2)}", at, year=2028, off=days, work=work
            )
    return drafted(trial, f"force_majeure.{kind}", f"force_majeure:{chance.randint(1, 2)}", at)
