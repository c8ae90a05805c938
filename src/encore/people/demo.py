"""The made-up agency's promoters, where they work, and who handles complaints."""

from datetime import date, datetime, timedelta
from typing import Final

from django.utils.timezone import localtime

from encore.accounts.models import Organisation, Post, User
from encore.ledger.late import entered_late
from encore.people.models import Qualification
from encore.people.operations import admit, assign, make_handler, qualify

_YEAR: Final = timedelta(days=364)
_BRANDS: Final = ("澜溪精酿", "北岸拉格", "青峦果酒")
_BORN: Final = date(2001, 5, 12)


@entered_late("demonstration")
def promote(venue: Organisation, agency: Organisation, at: datetime) -> None:
    """Promoters who are invited, admitted and assigned; the certificate of one of them runs out in two weeks."""
    manager = _manager(agency)
    began = at - timedelta(days=30)
    first = localtime(began).date()
    for number, person in enumerate(_promoters(agency, began)):
        admit(person, born=_BORN, from_date=first, by=manager, at=began)
        since = first - timedelta(days=20) if number else localtime(at).date() + timedelta(days=14) - _YEAR
        kind = Qualification.Kind.HEALTH
        qualify(person, kind=kind, from_date=since, to_date=since + _YEAR, by=manager, at=began)
        if number < len(_BRANDS):
            assign(person, venue=venue, brand=_BRANDS[number], from_date=first, by=manager, at=began)
    for house in (venue, agency):
        for person in User.objects.filter(organisation=house, post__in=(Post.CUSTOMER_SERVICE, Post.MARKETING)):
            make_handler(person, from_date=first, by=_manager(house), at=began)


def _manager(house: Organisation) -> User:
    return User.objects.select_related("organisation").filter(organisation=house, post=Post.MANAGER).order_by("pk")[0]


def _promoters(agency: Organisation, at: datetime) -> list[User]:
    known = list(User.objects.filter(organisation=agency, post=Post.PROMOTER).order_by("pk"))
    for number, name in enumerate(("柳依依", "苗小禾", "江映雪"), 1):
        person = User(
            username=f"promoter-{number}",
            name=name,
            organisation=agency,
            post=Post.PROMOTER,
            entered_at=at,
            joined_at=at,
        )
        person.set_unusable_password()
        person.save()
        known.append(person)
    return known
