"""What a monitor saw, in a sentence for whoever reads its finding. The finding keeps the figures, not the words."""

from django.utils.translation import gettext_lazy as _

from listings.models import Frequency

# rule, or rule and what was seen -> the sentence; placeholders are the figures of the finding's text
SENTENCES = {
    "report_thin": _("%(report)s: %(what)s"),
    "buyer_lapsed": _("Its verification was valid until %(day)s: nothing is handed over under its grants."),
    "mandate_lapsed": _("Its mandate was valid until %(day)s. What it governed is still on offer."),
    "mandate_lapsed:none": _("It holds no mandate. What a primary developer governed is on offer."),
    "source_lapsed": _("“%(title)s” was valid until %(day)s."),
    "data_stale": _("Said to be updated: %(frequency)s. The newest version is of %(day)s."),
    "outside_grant": _("%(day)s, %(count)s deliveries: %(what)s"),
    "outside_purpose": _("%(report)s. Stated as purpose: %(what)s"),
    "outside_access": _("On %(day)s, %(count)s attempts were refused: %(what)s"),
    "sudden_change": _("On %(day)s %(count)s rows were handed over; usual are %(usual)s on a day with deliveries."),
    "whereabouts_unsaid": _("Its holder was to say by %(day)s where the copies already delivered are."),
    "not_closed_out": _("Its holder was to certify by %(day)s that the copies already delivered are destroyed."),
    "attribution": _("%(number)s “%(title)s”: %(what)s"),
    "inspection": _("Inspection %(number)s: %(what)s"),
}
WORDS = {
    "copied": _("what it says of the use was said in an earlier report, word by word."),
    "empty": _("it says nothing of the use, of results or of security."),
    "nil": _("it says that nothing was used, though data was delivered in the period."),
    "unstated": _("none of those that were granted, though the data was used."),
    "fields": _("fields that were not granted."),
    "version": _("a version that was not granted."),
    "period": _("before the grant began, or after it was over."),
    "held": _("while the grant was held."),
    "volume": _("beyond the number that the grant allows in a calendar month."),
    "outside_hours": _("outside the hours of the grant."),
    "outside_networks": _("from outside the networks of the grant."),
    "undelivered": _("its page names a version that was never delivered to its developer."),
    "hidden": _("it is found at an address, and the page with its sources is not public."),
    **dict(Frequency.choices),
}


def said(rule: str, text: dict[str, str]) -> str:
    """Empty where the rule has no sentence of its own."""
    sentence = SENTENCES.get(f"{rule}:{text.get('what')}", SENTENCES.get(rule, ""))
    return str(sentence % {name: WORDS.get(value, value) for name, value in text.items()})
