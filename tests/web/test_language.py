"""What readers are shown of an edition, in their own language."""

import pytest
from django.utils.translation import override

from encore.web.language import clause_label


@pytest.mark.parametrize(
    ("number", "zh_hans", "zh_hant", "en"),
    [
        ("3.2.1", "第3.2.1条", "第3.2.1條", "clause 3.2.1"),
        ("breach.4.1", "违约 4.1", "違約 4.1", "breach 4.1"),
        ("annex", "附件", "附件", "annexes"),
        ("rider.2", "rider 2", "rider 2", "rider 2"),
    ],
)
def test_a_clause_outside_the_numbered_parts_is_called_by_its_part(
    number: str, zh_hans: str, zh_hant: str, en: str
) -> None:
    for language, label in {"zh-hans": zh_hans, "zh-hant": zh_hant, "en": en}.items():
        with override(language):
            assert clause_label(number) == label
