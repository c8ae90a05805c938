"""The papers that are about no feature: who sees what, as an annex to a contract."""

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from encore.accounts import rights
from encore.accounts.models import Post, Role
from encore.documents.paper import Grid, Heading, Paper, Words
from encore.documents.register import Reader, document


@document("who-sees-what", gettext_lazy("Who sees what, and who may do what"), noun="contract")
def who_sees_what(contract: Any, reader: Reader) -> Paper:
    roles = list(Role)
    names = [str(role.label) for role in roles]
    seen = [
        [rights.THINGS[thing], *(rights.SIGHT_LABELS[by_role[role]] for role in roles)]
        for thing, by_role in rights.SIGHT.items()
    ]
    acts = [
        [rights.ACTS.get(right.operation, right.operation), *(_posts(right, role) for role in roles)]
        for right in rights.table()
    ]
    return Paper(
        title=_("Who sees what, and who may do what"),
        organisation=f"{contract.venue} · {contract.agency}",
        blocks=[
            Words(_("This annex comes from the tables that the product itself obeys.")),
            Heading(_("What each organisation sees")),
            Words(_("What belongs to a contract is shown to its two parties, and to nobody else: for all others it is not there.")),
            Grid([_("What"), *names], seen, widths=[4, 3, 3, 3]),
            Heading(_("What each post may do")),
            Grid([_("Act"), *names], acts, widths=[4, 4, 4, 3]),
        ],
        seals=[contract.venue.name, contract.agency.name],
    )  # fmt: skip


def _posts(right: rights.Right, role: Role) -> str:
    posts = [post for post in Post if post is not Post.GUEST]
    having = [post for post in posts if post in right.posts[role]]
    told = _("every post") if len(having) == len(posts) else _(", ").join(str(post.label) for post in having)
    if right.is_public and role != Role.THIRD_PARTY:
        told = _(", ").join(filter(None, [told, _("guests as well")]))
    return told or "—"
