"""Jinja2 as every page of ours uses it."""

from typing import Any

from django.conf import settings
from django.contrib.messages import get_messages
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.templatetags.static import static
from django.urls import reverse
from django.utils import translation
from django.utils.html import json_script
from jinja2 import Environment, StrictUndefined

from encore.web import appearance, charts, clockface, language, navigation, phones


def environment(**options: Any) -> Environment:
    made = Environment(  # noqa: S701 - it is set, among the options
        **{**options, "undefined": StrictUndefined, "autoescape": True},
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.policies["ext.i18n.trimmed"] = True
    made.install_gettext_callables(  # type: ignore[attr-defined]
        translation.gettext,
        translation.ngettext,
        newstyle=True,
        pgettext=translation.pgettext,
        npgettext=translation.npgettext,
    )
    made.globals.update(get_messages=get_messages, charts_are_built=charts.are_built)
    made.globals.update(static=static, url=_url, languages=settings.LANGUAGES, clock_face=clockface.face)
    made.filters.update(
        json_script=json_script,
        moment=clockface.moment,
        deadline=clockface.deadline,
        full=clockface.full,
        span=clockface.span,
        text=language.reading,
        clause_label=language.clause_label,
        duty_label=language.duty_label,
        row_label=language.row_label,
        number=language.number,
        at_most=language.at_most,
        money=language.money,
        phone=phones.digits,
        percent=language.percent,
        day=language.day,
        weekday=language.weekday,
        html_lang=language.html_lang,
    )
    made.tests.update(converted=language.is_converted)
    return made


def _url(name: str, *arguments: object) -> str:
    return reverse(name, args=arguments)


def reader(request: HttpRequest) -> dict[str, Any]:
    """What every page knows of who reads it."""
    return {
        "language": translation.get_language(),
        "theme": appearance.theme(request),
        "csrf_token": get_token(request),
        "ways": lambda: navigation.ways(request.user, getattr(request, "session", {})),
    }
