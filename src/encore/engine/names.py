"""The standard names of events, so that any edition can speak of them, and which of them come from outside the duties."""

from collections.abc import Mapping
from typing import Final

_TABLE: Final = """
contract      signed effective amended renewal_proposed renewed termination_noticed ended settled assets_handed_over
              statement_published
force_majeure declared lifted fallen
duty          extension_asked extended excuse_asked excused warned breached corrected
event         annulled
calendar      published
complaint     received recorded reported taken_up acknowledged verified assessed classified assigned contacted evidence_added
              planned plan_approved started progress_sent answered_promoter emergency_started replied mediated resolved
              result_sent result_sent_promoter confirmation_asked result_confirmed result_rejected result_unanswered
              followed_up archived withdrawn merged reopened escalated
survey        planned opened closed analysed shared acknowledged
improvement   planned started adjusted completed evaluated
strategy      assessed
training      planned held assessed adjusted
guidance      given
appraisal     planned completed fed_back applied
incentive     granted penalised
award         given
campaign      planned approved started monitored ended evaluated adjusted
offer         made
customer      registered visited data_reviewed cared_for opted_out erased
relationship  evaluated
cost          submitted approved rejected paid
budget        set
settlement    closed
payment       due made
intervention  requested answered agreed material_requested material_provided reported supervised subcontract_consented
              evaluated ended
breach        asserted disputed excused accepted settled waived
dispute       opened negotiated submitted awarded closed
message       queued sent delivered read failed received
notice        sent delivered failed
secret        disclosed
"""


def _names() -> frozenset[str]:
    found: set[str] = set()
    noun = ""
    for line in _TABLE.strip("\n").splitlines():
        words = line.split()
        if not line.startswith(" "):
            noun, *words = words
        found.update(f"{noun}.{word}" for word in words)
    return frozenset(found)


STANDARD: Final = _names()

UNCOMPELLED: Final = frozenset(
    name for name in STANDARD if name.partition(".")[0] in ("contract", "force_majeure", "duty", "event", "calendar", "message", "notice")
) | {
    "complaint.received", "complaint.withdrawn", "complaint.merged", "complaint.reopened", "complaint.result_confirmed",
    "complaint.result_rejected", "complaint.result_unanswered", "complaint.escalated", "complaint.assigned",
    "customer.registered", "customer.opted_out", "customer.visited", "campaign.planned", "campaign.approved", "campaign.ended",
    "cost.submitted", "payment.due", "intervention.requested", "intervention.material_requested", "intervention.ended",
    "intervention.agreed", "breach.asserted", "dispute.opened", "secret.disclosed",
}  # fmt: skip
"""What happens by a guest's, a third party's or a party's free choice, or of itself: no duty need compel it."""

PRESUPPOSED: Final[Mapping[str, frozenset[str]]] = {
    "survey.opened": frozenset({"survey.closed", "survey.analysed", "survey.shared"}),
    "survey.closed": frozenset({"survey.analysed", "survey.shared"}),
    "appraisal.completed": frozenset({"appraisal.fed_back", "appraisal.applied"}),
    "training.held": frozenset({"training.assessed"}),
    "improvement.planned": frozenset({"improvement.completed"}),
    "cost.approved": frozenset({"cost.paid"}),
}
"""What must have happened before something else can: whoever must close a survey must have opened it."""
