"""What is said, by kind: a subject and a body, rendered in the reader's language when it is read or sent."""

from typing import Any

from django.conf import settings
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

# kind -> (subject, body). Placeholders come from the `tell` that names the kind.
MESSAGES: dict[str, tuple[Any, Any]] = {
    "assessed": (
        _("Version %(number)s of “%(product)s” passed the assessment"),
        _("It can now be submitted for review."),
    ),
    "assessment_failed": (
        _("Version %(number)s of “%(product)s” failed the assessment"),
        _("The file was destroyed. The report says which columns failed and why; correct them and upload again."),
    ),
    "assessment_mendable": (
        _("Version %(number)s of “%(product)s” failed the assessment"),
        _(
            "The report says which columns failed and why. Until the deadline on its page the file is kept in "
            "quarantine: have a recipe found that mends it, or upload a corrected file."
        ),
    ),
    "recipe_found": (
        _("A recipe was tried on version %(number)s of “%(product)s”"),
        _("Compare the file before and after on its page, and apply the recipe before the deadline there."),
    ),
    "recipe_none": (
        _("No recipe reaches the thresholds for version %(number)s of “%(product)s”"),
        _("Its page says what is in the way: allow more to be taken out, drop a column, or upload another file."),
    ),
    "recipe_failed": (
        _("The work on a recipe for version %(number)s of “%(product)s” failed"),
        _("%(reason)s Nothing was changed: ask again on its page."),
    ),
    "reassessment_failed": (
        _("Version %(number)s of “%(product)s” failed its re-assessment"),
        _(
            "%(reasons)s Nothing new is granted of it, and whoever reviewed it decides whether it is held. Publish a "
            "version that passes, and retire this one."
        ),
    ),
    "reassessment_passed": (
        _("Version %(number)s of “%(product)s” passes its assessment again"),
        _("It can be granted again unless it is held; whoever held it can release it."),
    ),
    "assessment_lapses": (
        _("Version %(number)s of “%(product)s” is soon assessed again"),
        _("Its last assessment lapses when %(day)s is over; the site repeats it by itself."),
    ),
    "version_failing": (
        _("Version %(number)s of “%(product)s” failed its re-assessment: it is proposed to hold it"),
        _(
            "Hold it, or drop the proposal with reasons. Until then it is served under the grants that run; nothing "
            "new is granted."
        ),
    ),
    "seller_lapsed": (
        _("The verification of %(seller)s has lapsed on %(day)s"),
        _("What it offers stays, and grants that run go on. Nothing new is granted of it until it is verified again."),
    ),
    "finding_opened": (
        _("Noticed: %(what)s – %(about)s"),
        _("Answer the finding within its deadline: dismiss it with reasons, or act on it."),
    ),
    "terms_broken": (
        _("Noticed: %(what)s – %(about)s"),
        _("The compliance review looks into it. A contract notice that you give on the grant's page can answer it."),
    ),
    "duty_undone": (
        _("Noticed: %(what)s – %(about)s"),
        _("Put it right: the finding closes by itself once its cause has gone. Whoever supervises it was told."),
    ),
    "verification_lapses": (
        _("The verification of %(party)s holds until %(day)s"),
        _("Ask for its renewal on the page of the organisation: when it has lapsed, nothing new is granted or served."),
    ),
    "mandate_lapses": (
        _("The mandate of %(party)s as primary developer holds until %(day)s"),
        _("Bring the operator its renewal: without it nothing new is granted of the public data that it offers."),
    ),
    "source_lapses": (
        _("“%(title)s” of the lawful-source file of “%(product)s” holds until %(day)s"),
        _("Add its successor to the file, and withdraw this item."),
    ),
    "quota_used": (
        _("Grant %(number)s: %(used)s of the month's %(limit)s downloads are used"),
        _("When all are used, nothing is handed over until the next calendar month begins."),
    ),
    "grant_ending": (
        _("Grant %(number)s ends when %(day)s is over"),
        _("If the data is needed longer, ask for a longer period in time. The duty to report goes on to the last day."),
    ),
    "grant_over": (
        _("Grant %(number)s is over since %(day)s and not closed"),
        _(
            "Its reports are still owed. Where copies were delivered, it is closed with their certificate of "
            "destruction, once that is checked; else by whoever decided on it, once everything is settled."
        ),
    ),
    "whereabouts_asked": (
        _("Grant %(number)s is suspended: say by %(due)s where the copies are"),
        _(
            "Stop every new use of the data already delivered and keep the copies unchanged as evidence. Say on the "
            "page of the grant where they are, in which systems, who keeps them, and whether they were passed on."
        ),
    ),
    "whereabouts_due": (
        _("Grant %(number)s: say by %(day)s where the copies are"),
        _(
            "The grant is suspended. Say on its page where the copies are, who keeps them, and whether they were "
            "passed on."
        ),
    ),
    "whereabouts_stated": (
        _("Grant %(number)s: %(buyer)s has said where its copies are"),
        _("Passed on to: %(passed_to)s. The statement stands on the page of the grant."),
    ),
    "certificate_asked": (
        _("Grant %(number)s is over: destroy the copies and certify it by %(due)s"),
        _(
            "Certify on the page of the grant what was destroyed, where, how, by whom and when. While an order, an "
            "incident or a review is open, nothing is destroyed: its page says so."
        ),
    ),
    "certificate_filed": (
        _("Grant %(number)s: %(buyer)s certifies that its copies are destroyed"),
        _("Check the certificate: accept it, and the grant is closed out, or return it with what is missing."),
    ),
    "certificate_moved": (
        _("Certificate of destruction, grant %(number)s: %(state)s"),
        _("%(reason)s"),
    ),
    "person_left": (
        _("Grant %(number)s: %(name)s may use it and acts for you no more"),
        _("The site serves them nothing. Take them off the grant, and name who uses it now."),
    ),
    "officer_overdue": (
        _("Overdue at %(authority)s since %(due)s: %(clock)s – %(object)s"),
        _(
            "It goes up to you. Reasons that were given are kept with the case; those of an authority are on the "
            "console's page of deadlines as well."
        ),
    ),
    "overdue_explained": (
        _("%(authority)s says why it is overdue since %(due)s: %(clock)s – %(object)s"),
        "%(reason)s",
    ),
    "version_held": (
        _("Grant %(number)s: a version is held"),
        _("%(version)s failed its re-assessment and is not served until that is settled. Do not pass copies of it on."),
    ),
    "data_held": (
        _("Grant %(number)s: data is held"),
        _("%(what)s is not served until that is settled. Do not pass copies of it on."),
    ),
    "data_served_again": (
        _("Grant %(number)s: data is served again"),
        _("%(what)s is held no longer."),
    ),
    "description_proposed": (
        _("“%(product)s”: its seller proposes another description"),
        _("%(reason)s Accept the texts or return them with reasons; until then the old ones stand."),
    ),
    "description_moved": (
        _("“%(product)s”, change of the description: %(state)s"),
        _("%(reason)s"),
    ),
    "product_described": (
        _("Grant %(number)s: “%(product)s” is described anew"),
        _("The texts before and after are on its page. The terms of your grant stay as they are."),
    ),
    "version_submitted": (
        _("“%(product)s” version %(number)s awaits review"),
        _("Review the assessment, the sources and the lawful-source file, then decide."),
    ),
    "version_moved": (
        _("“%(product)s” version %(number)s: %(state)s"),
        _("%(reason)s"),
    ),
    "application_submitted": (
        _("Application %(number)s awaits acceptance"),
        _("%(buyer)s applies for: %(products)s"),
    ),
    "application_to_seller": (
        _("Application %(number)s for non-public data went to its seller"),
        _("%(buyer)s applies to %(seller)s for: %(products)s. The seller decides; you can read the case."),
    ),
    "product_offered": (
        _("%(seller)s offers you “%(product)s”"),
        _("It is shown to invited parties only. You can read about it and apply."),
    ),
    "product_opened": (
        _("“%(product)s” is shown to everybody now"),
        _("%(seller)s offered it to invited parties only before. A publicity period that runs has begun anew."),
    ),
    "source_rejected": (
        _("“%(product)s”: “%(source)s” is not in order"),
        _("%(reason)s Add a better document, then withdraw this one."),
    ),
    "objection_lodged": (
        _("Objection %(objection)s against “%(product)s” version %(number)s"),
        _("Answer it with reasons: nothing is published before."),
    ),
    "objection_answered": (
        _("Your objection %(objection)s: %(state)s"),
        _("%(reason)s"),
    ),
    "report_asked": (
        _("%(authority)s asks for a report until %(due)s: %(object)s"),
        _("%(question)s"),
    ),
    "report_answered": (
        _("Report of %(authority)s: %(object)s"),
        _("%(answer)s"),
    ),
    "case_taken": (
        _("%(authority)s has taken over: %(object)s"),
        _("%(reason)s"),
    ),
    "concern_reported": (
        _("Report %(number)s: %(what)s, %(subject)s"),
        _("Answer it with reasons within the deadline. Whoever reported reads them."),
    ),
    "plan_adopted": (
        _("%(unit)s has adopted an emergency plan: %(title)s"),
        _("Its document and its drills can be read in the console."),
    ),
    "plan_missing": (
        _("%(unit)s provides data and has no emergency plan in force"),
        _("Draft the plan, add its document and adopt it (Art. 34). The authority is told as well."),
    ),
    "exercise_due": (
        _("Due by %(due)s: %(what)s under “%(title)s”"),
        _("Carry it out, and record what it taught."),
    ),
    "exercise_overdue": (
        _("Overdue since %(due)s: %(what)s of %(unit)s"),
        _("It belongs to the emergency plan “%(title)s” (Art. 34). The unit was told as well."),
    ),
    "review_lodged": (
        _("Review %(number)s is asked for: %(subject)s"),
        _(
            "%(party)s asks for a review. Another officer than who decided, or the level above, decides it "
            "by %(due)s; nothing is paused until then unless it is stayed."
        ),
    ),
    "review_moved": (
        _("Review %(number)s: %(state)s"),
        _("%(reason)s"),
    ),
    "inspection_announced": (
        _("Inspection %(number)s is announced: %(grant)s"),
        _("%(authority)s inspects how you use the data, from %(due)s on. %(text)s"),
    ),
    "inspector_named": (
        _("You take part in inspection %(number)s"),
        _("%(authority)s named you as joint inspector (%(role)s). Read the inspection, and write down what you find."),
    ),
    "inspection_reported": (
        _("Inspection %(number)s is reported: %(grant)s"),
        _("Read what was found, and answer by %(due)s."),
    ),
    "inspection_answered": (
        _("Inspection %(number)s: %(party)s has answered"),
        _("Read the answer, follow up what is not in order, then close the inspection."),
    ),
    "inspection_moved": (
        _("Inspection %(number)s: %(state)s"),
        _("%(reason)s"),
    ),
    "concern_moved": (
        _("Your report %(number)s: %(state)s"),
        _("%(reason)s"),
    ),
    "misuse_found": (
        _("Misuse of your data was reported: grant %(number)s of %(buyer)s"),
        _("The compliance review looks into it. A contract notice that you give on the grant's page can answer it."),
    ),
    "concern_written": (
        _("Something was added to report %(number)s"),
        _("Whoever reported wrote again. Read it before you answer."),
    ),
    "application_moved": (
        _("Application %(number)s: %(state)s"),
        _("%(reason)s"),
    ),
    "consultation_asked": (
        _("Your unit is asked about application %(number)s"),
        _("%(buyer)s applies for data of your unit. Answer by %(due)s; silence is recorded as no answer."),
    ),
    "developer_asked": (
        _("Your consent is asked for application %(number)s"),
        _("%(buyer)s applies for what you have built. Answer by %(due)s; without your consent it is not granted."),
    ),
    "consultation_answered": (
        _("Application %(number)s: %(unit)s has answered"),
        _("%(state)s"),
    ),
    "consultation_overdue": (
        _("Overdue: your unit's answer on application %(number)s"),
        _("%(unit)s has not answered in time. Answer now; else the officer records that no answer came."),
    ),
    "consultation_escalated": (
        _("%(unit)s has not answered on application %(number)s in time"),
        _("The unit was reminded. Silence is recorded as no answer, never as consent."),
    ),
    "standing_consent_used": (
        _("Application %(number)s was answered by your unit's standing consent"),
        _("%(buyer)s; %(document)s. The officer's reasons: %(reason)s"),
    ),
    "application_prepared": (
        _("Application %(number)s is ready to be signed"),
        _("%(name)s has prepared it. Somebody else of your organisation signs it by submitting."),
    ),
    "message_written": (
        _("Application %(number)s: %(party)s has written"),
        _("%(text)s"),
    ),
    "question_asked": (
        _("Application %(number)s: %(party)s asks a question"),
        _("%(text)s"),
    ),
    "question_answered": (
        _("Application %(number)s: %(party)s has answered the question"),
        _("%(text)s"),
    ),
    "clock_extended": (
        _("Application %(number)s: a deadline was extended"),
        _("%(clock)s: now until %(due)s. %(reason)s"),
    ),
    "item_split_off": (
        _("Application %(number)s: “%(product)s” was split off"),
        _("It goes on as application %(part)s, for a unit has not consented; the rest is decided alone. %(reason)s"),
    ),
    "expert_called": (
        _("You are asked to assess application %(number)s"),
        _("%(reason)s"),
    ),
    "expert_opinion": (
        _("Application %(number)s: the expert's opinion is there"),
        _("%(name)s has assessed the case. The review goes on."),
    ),
    "case_passed_on": (
        _("Application %(number)s was passed on to you"),
        _("%(name)s has stepped back: %(reason)s"),
    ),
    "recused": (
        _("%(name)s has stepped back from %(object)s"),
        _("Somebody else decides on it. The reason: %(reason)s"),
    ),
    "item_decided": (
        _("Application %(number)s: “%(product)s” was decided"),
        _("%(state)s. %(reason)s"),
    ),
    "grant_offered": (
        _("A grant for “%(product)s” is offered to you"),
        _("Read its terms and accept or decline them by %(due)s."),
    ),
    "grant_moved": (
        _("Grant %(number)s: %(state)s"),
        _("%(reason)s"),
    ),
    "grant_people": (
        _("Grant %(number)s: the buyer has changed who may use it"),
        _("Named now: %(people)s."),
    ),
    "party_merged": (
        _("%(party)s was merged into your organisation"),
        _("You answer for its reports and orders. Its grants are closed: apply for what you need. %(reason)s"),
    ),
    "grant_systems": (
        _("Grant %(number)s: the buyer has changed which systems may use it"),
        _("Named now: %(systems)s."),
    ),
    "change_requested": (
        _("Grant %(number)s: a change is requested"),
        _("%(buyer)s asks: %(reason)s"),
    ),
    "change_decided": (
        _("Grant %(number)s, requested change: %(state)s"),
        _("%(reason)s"),
    ),
    "hold_opened": (
        _("Grant %(number)s is paused"),
        _("Reason: %(reason)s. No new use of copies already delivered; keep them as evidence."),
    ),
    "hold_opened_until": (
        _("Grant %(number)s is paused"),
        _(
            "Reason: %(reason)s. %(text)s\n\nIt ends by itself when %(day)s is over, unless it is lifted before. "
            "No new use of copies already delivered; keep them as evidence."
        ),
    ),
    "hold_ending": (
        _("A precaution on grant %(number)s ends soon"),
        _("It ends by itself when %(day)s is over, and for the same cause none follows for a while: decide before."),
    ),
    "hold_over": (
        _("A precaution on grant %(number)s has ended by itself"),
        _("Its last day was %(day)s. The page of the grant says whether it is served again or still held."),
    ),
    "hold_lifted": (
        _("A hold on grant %(number)s was lifted"),
        _("Holds still open: %(left)s."),
    ),
    "report_due": (
        _("Usage report of grant %(number)s is due on %(due)s"),
        _("Period %(start)s to %(end)s. The grant can pause by its terms when the report is later than they allow."),
    ),
    "report_overdue": (
        _("Usage report of grant %(number)s is overdue"),
        _("Period %(start)s to %(end)s, due on %(due)s. File it now; a nil report is possible."),
    ),
    "report_filed": (
        _("Usage report of grant %(number)s was filed"),
        _("Period %(start)s to %(end)s. Accept it or return it with reasons."),
    ),
    "report_moved": (
        _("Usage report of grant %(number)s: %(state)s"),
        _("%(reason)s"),
    ),
    "measure_proposed": (
        _("An order or notice is proposed against %(party)s"),
        _("%(facts)s"),
    ),
    "measure_signed": (
        _("Signed by %(by)s, waits for a second officer: %(object)s"),
        _("%(what)s. Read it, then confirm it or send it back: it has no effect before."),
    ),
    "measure_sent_back": (
        _("%(object)s: %(by)s sent back what you signed"),
        _("%(reason)s"),
    ),
    "measure_overtaken": (
        _("%(object)s: what you signed waits no more"),
        _("%(by)s has decided otherwise, or taken the case over: what you signed has no effect."),
    ),
    "second_pair_set": (
        _("%(authority)s: orders and terminations take %(now)s from now on"),
        _("Set by %(by)s. %(reason)s"),
    ),
    "measure_moved": (
        _("Order or notice %(number)s: %(state)s"),
        _("%(reason)s"),
    ),
    "measure_extended": (
        _("Order or notice %(number)s: more time to correct"),
        _("It is to be corrected until %(due)s now. The time is extended once. %(reason)s"),
    ),
    "measure_extended_stayed": (
        _("Order or notice %(number)s: more time to correct"),
        _(
            "Working days more to correct: %(days)s. The time stands still while a review has stayed this. It is "
            "extended once. %(reason)s"
        ),
    ),
    "hearing_opened": (
        _("Order or notice %(number)s: you are to be heard before it is decided what follows"),
        _("You may make a statement until %(due)s; after that a refusal to correct may be found. %(reason)s"),
    ),
    "clock_overdue": (
        _("Overdue: %(clock)s"),
        _("%(object)s was due on %(due)s."),
    ),
    "incident_opened": (
        _("Security incident %(number)s: %(title)s"),
        _(
            "Reported with %(version)s. Open its page: first reports are due within the hour, authorities and "
            "overseers acknowledge it, and each authority decides whether its grants are paused."
        ),
    ),
    "incident_report_missed": (
        _("Not made in time: %(clock)s"),
        _("%(object)s: the hour is over and nothing is recorded. Ask whoever reported the incident."),
    ),
    "incident_report_late": (
        _("Made late: %(clock)s"),
        _("%(object)s: it was due by %(due)s and made at %(when)s."),
    ),
    "incident_reported": (
        _("Security incident %(number)s: %(what)s"),
        _("%(text)s"),
    ),
    "incident_notice": (
        _("Security incident %(number)s reaches data that you obtained: %(title)s"),
        _("%(text)s Confirm on its page that you have read this."),
    ),
    "incident_ended": (
        _("Security incident %(number)s: %(state)s"),
        _("%(reason)s"),
    ),
    "derived_flagged": (
        _("Your derived product “%(title)s” was flagged"),
        _("%(reason)s"),
    ),
    "derived_to_decide": (
        _("Derived product “%(title)s” of %(developer)s was flagged"),
        _("%(reason)s. Decide on its page whether it may stay: clear the flag, or withdraw it."),
    ),
    "derived_unpublished": (
        _("Derived product %(number)s “%(title)s”, registered on %(day)s: is it in use, and where?"),
        _(
            "Where others can find or use it, publish its page: it shows source and date obtained, which what is built "
            "on this data has to state. Where it was given up, withdraw it. While you alone work on it, do nothing: "
            "you are not asked again."
        ),
    ),
    "derived_contract_ended": (
        _("A contract under which “%(title)s” was built was ended"),
        _(
            "Notice %(number)s of %(seller)s ended it. What becomes of what %(developer)s has built is a matter "
            "between the two, by that contract: no authority decides on it, and its public page is not flagged."
        ),
    ),
    "source_contract_ended": (
        _("A contract under which “%(title)s”, which you obtain, was built was ended"),
        _(
            "Grant %(number)s runs on. What becomes of the product is a matter of that contract: no authority decides "
            "on it. Nothing new comes of it until its developer has another grant on the same source."
        ),
    ),
    "source_flagged": (
        _("“%(title)s”, which you obtain, was flagged"),
        _(
            "The data service under a grant that it was built from was ended. Grant %(number)s runs on meanwhile; the "
            "authority decides whether the product may stay, and nothing new comes of it until then."
        ),
    ),
    "copies_flagged": (
        _("“%(title)s”, of which you still have copies, was flagged"),
        _(
            "The data service under a grant that it was built from was ended. Grant %(number)s is over, and your "
            "copies are not confirmed as destroyed: the authority decides whether the product may stay."
        ),
    ),
    "caution_issued": (
        _("Caution %(number)s of %(authority)s about you, until %(ends)s"),
        _(
            "%(reason)s It is shown to whoever decides on your cases within its scope; it refuses nothing by itself. "
            "It is over by itself after its last day, or lifted before."
        ),
    ),
    "caution_lifted": (
        _("Caution %(number)s of %(authority)s was lifted"),
        _("%(reason)s"),
    ),
    "rule_proposed": (
        _("A release rule is proposed for “%(product)s”"),
        _("Approve, return or refuse it. Under an approved rule new versions inside its bounds are published at once."),
    ),
    "rule_moved": (
        _("Release rule for “%(product)s”: %(state)s"),
        _("%(reason)s"),
    ),
    "version_released": (
        _("“%(product)s” version %(number)s was published under its release rule"),
        _("Every bound holds; the figures are on its page."),
    ),
    "rule_not_met": (
        _("“%(product)s” version %(number)s lies outside its release rule and is reviewed"),
        _("Bounds that do not hold: %(count)s. Its page says which, with the figures."),
    ),
    "version_recalled": (
        _("Recalled: %(recalled)s"),
        _(
            "Under grant %(number)s you obtained %(version)s, which is that version or was built from it. "
            "Use no copy of it until you hear from the authority."
        ),
    ),
    "version_expert_called": (
        _("You are asked to assess “%(product)s” version %(number)s"),
        _("%(reason)s"),
    ),
    "version_opinion": (
        _("“%(product)s” version %(number)s: the expert's opinion is there"),
        _("%(name)s has assessed it. The review goes on."),
    ),
    "product_stopped": (
        _("“%(product)s” stands still: no new version and no new grant for now"),
        _("A grant it was built under: %(reason)s. What is granted already goes on."),
    ),
    "product_resumed": (
        _("“%(product)s”: one reason for standing still is gone"),
        _("%(reason)s"),
    ),
    "party_applied": (
        _("%(party)s asks to be verified"),
        _("Check it against evidence, then verify, return or refuse it."),
    ),
    "party_asks_renewal": (
        _("%(party)s asks for its verification to be renewed"),
        _("Check it again against evidence, then renew it."),
    ),
    "invited": (
        _("%(by)s invites you to act for %(party)s"),
        _(
            "Your role: %(role)s. Sign up or log in with this e-mail address, then follow the link. "
            "It works once, for %(days)s days."
        ),
    ),
    "second_factor_reset": (
        _("Your second factor was reset"),
        _("By %(name)s: %(reason)s You were logged out everywhere. If you did not ask for this, tell the operator."),
    ),
    "naming_asked": (
        _("“%(name)s” of %(party)s wants to name you"),
        _("A system of your organisation is to name you as responsible for what it writes. It may once you agree."),
    ),
    "cases_handed_over": (
        _("%(by)s has handed %(count)s cases over to you"),
        _("%(reason)s"),
    ),
    "party_moved": (
        _("%(party)s: %(state)s"),
        _("%(reason)s"),
    ),
}
# What is added where the message names the day.
ADDED = {
    "correct_until": _("It is to be corrected until %(correct_until)s at the latest."),
    "review_until": _("Until %(review_until)s you can ask for a review of this: “Ask for a review” on its page."),
}


def render(kind: str, context: dict[str, Any]) -> tuple[str, str]:
    """Subject (one line) and body in the active language, with what is `ADDED`: of a refusal, how to contest it."""
    subject, body = MESSAGES[kind]
    language = get_language() or settings.LANGUAGE_CODE
    site = settings.LANGUAGE_CODE
    words = {name: said.get(language, said[site]) if isinstance(said, dict) else said for name, said in context.items()}
    lines = [str(body), *(str(line) for name, line in ADDED.items() if name in words)]
    return " ".join((str(subject) % words).split()), "\n".join(lines) % words
