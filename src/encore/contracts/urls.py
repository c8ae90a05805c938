from django.urls import path

from encore.contracts.views import by_hand, calendar, drawing, texts

app_name = "contracts"
urlpatterns = [
    path("contracts/", drawing.contracts, name="contracts"),
    path("contracts/new/", drawing.choose, name="choose"),
    path("contracts/drafts/<str:reference>/", drawing.draft, name="draft"),
    path("contracts/drafts/<str:reference>/sign/", drawing.sign, name="sign"),
    path("contracts/<str:reference>/", drawing.contract, name="contract"),
    path("contracts/<str:reference>/text/", texts.text, name="text"),
    path("contracts/<str:reference>/text.md", texts.text_markdown, name="text-markdown"),
    path("contracts/<str:reference>/record/", by_hand.record, name="record"),
    path("contracts/<str:reference>/recordable/", by_hand.recordable, name="recordable"),
    path("contracts/<str:reference>/happened/", by_hand.happened, name="happened"),
    path("contracts/<str:reference>/matters/", by_hand.matters, name="matters"),
    path("matters/<str:reference>/", by_hand.matter, name="matter"),
    path("calendar/", calendar.calendar, name="calendar"),
    path("editions/", texts.editions, name="editions"),
    path("editions/<slug:id>/", texts.edition, name="edition"),
    path("editions/<slug:id>/text.md", texts.edition_markdown, name="edition-markdown"),
    path("editions/<slug:left>/compare/<slug:right>/", texts.compared, name="compared"),
]
