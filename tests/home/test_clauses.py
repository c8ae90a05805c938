"""The clauses that the board makes true, of the editions that come with the product."""

from django.utils.html import escape
from django.utils.timezone import now

from encore.accounts.models import Organisation, User
from encore.contracts.drafts import draw_up
from encore.contracts.operations import sign
from encore.contracts.queries import edition_of
from tests.cast import DAY, agreed, signed_in
from tests.clauses import clause, content


@clause("C", "13.2.2")
def test_under_c_the_board_holds_both_parties_to_every_duty_once_the_contract_is_in_force(
    zhou: User, agency: Organisation
) -> None:
    desk = signed_in(zhou, "zh-CN")
    drawn = draw_up(content("C"), "c.toml", {}, venue=zhou.organisation, agency=agency, at=now() - 3 * DAY)
    signed = sign(drawn, by=zhou, at=now() - 2 * DAY)
    assert desk.get(f"/board/{signed}/").status_code == 404
    contract = agreed(content("C"), zhou, agency, since=now() - DAY)
    page = desk.get(f"/board/{contract}/").content.decode()
    edition = edition_of(contract)
    for duty in edition.duties.values():
        assert edition.label(duty, "zh-Hans") in page
        assert str(escape(edition.clauses[duty.clause].text["zh-Hans"])) in page
