from datetime import timedelta

from django.utils.timezone import now
from django.utils.translation import gettext_lazy as _
from django_tasks import task

from encore.accounts.queries import first_manager
from encore.files import drafts, operations, queries
from encore.files.models import File
from encore.jobs import effects
from encore.jobs.recurring import recurring


@task(label=_("A large picture is made ready for looking at"), unique=True)
def remake(number: int) -> None:
    file = File.objects.get(pk=number)
    made = drafts.remade(file)
    with effects():
        drafts.keep_renditions(file, made)


@recurring(every=timedelta(hours=1))
@task(label=_("Files that were sent and never used are cleared away"), unique=True)
def clear_away(period: int) -> None:
    drafts.clear_away(now())


@recurring(every=timedelta(hours=1))
@task(label=_("Files whose time is over are looked for"), unique=True)
def look_for_old(period: int) -> None:
    numbers = list(queries.to_erase(now()).values_list("pk", flat=True)[:1_000])
    with effects():
        for number in numbers:
            erase.enqueue(number)


@task(label=_("A file whose time is over is erased"))
def erase(number: int) -> None:
    """In the name of the owner's manager, who has it kept for that time and no longer."""
    file = File.objects.select_related("owner").get(pk=number)
    manager = first_manager(file.owner)
    if manager is None:
        return
    at = now()
    try:
        operations.erase(file, by=manager, at=at)
    except operations.CannotErase:
        return
    drafts.let_go(file, at)
