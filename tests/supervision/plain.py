"""A plain model of what follows by itself: every sweep recomputes every duty from scratch, with ifs and dates only.

It shares nothing with the site but the history: no query, no calendar, no clock. What acts do is written down here as
a person would tell it. The names of occasions are its own: `("report_overdue", 0, 2026-03-17, 0)` for grant 0.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from statistics import mean, median
from typing import Any
from unicodedata import category, normalize
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
# As the State Council published them for March to July 2026.
FREE = {date(2026, 4, day) for day in (4, 5, 6)} | {date(2026, 5, day) for day in range(1, 6)}
FREE |= {date(2026, 6, day) for day in (19, 20, 21)}
MADE_UP = {date(2026, 5, 9)}
STALE_DAYS = 46  # monthly data
UNSAID, NOT_CLOSED_OUT = "whereabouts_unsaid", "not_closed_out"
TIME = {UNSAID: 3, NOT_CLOSED_OUT: 10}  # working days to say where copies are; to destroy them and certify it
BEFORE_A_LAPSE = (30, 10, -1)  # days at which it is said that something lapses; the last: that it has
CORRECTION = 15  # working days, from an order

Name = tuple[Any, ...]


def works(day: date) -> bool:
    return day in MADE_UP or (day.weekday() < 5 and day not in FREE)


def after(day: date, count: int) -> date:
    """The day `count` working days later."""
    while count:
        day += timedelta(days=1)
        count -= works(day)
    return day


def over(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI)


def day_of(at: datetime) -> date:
    return at.astimezone(SHANGHAI).date()


def worked(began: datetime, ended: datetime) -> int:
    """Working days after the first day, the last one included."""
    days = (day_of(ended) - day_of(began)).days
    return sum(works(day_of(began) + timedelta(days=number + 1)) for number in range(days))


def quarter_end(day: date) -> date:
    month = (day.month - 1) // 3 * 3 + 3
    return date(day.year, month, {3: 31, 6: 30, 9: 30, 12: 31}[month])


def half_end(day: date) -> date:
    return date(day.year, 6, 30) if day.month < 7 else date(day.year, 12, 31)


def step_before(last: date, today: date) -> int | None:
    reached = [step for step in BEFORE_A_LAPSE if (last - today).days <= step]
    return min(reached) if reached else None


def is_sudden(rows: int, before: list[int]) -> bool:
    """Whether so many rows are quite unlike the days before, by the robust z-score of Iglewicz and Hoaglin."""
    if len(before) < 7 or rows <= 2 * median(before):
        return False
    distances = [abs(row - median(before)) for row in before]
    scale = 1.4826 * median(distances) or 1.2533 * mean(distances)
    return scale == 0 or (rows - median(before)) / scale > 3.5


def bare(text: str) -> str:
    """Without blanks, punctuation and other signs, in one width and case."""
    signs = [sign for sign in normalize("NFKC", text).lower() if category(sign)[0] in "LN"]
    return "".join(signs)


@dataclass
class PlainReport:
    grant: int
    start: date
    end: date
    due: datetime
    late: datetime
    state: str = "open"
    round: int = 0
    filings: list[dict[str, Any]] = field(default_factory=list)

    @property
    def is_owed(self) -> bool:
        return self.state in ("open", "returned")


@dataclass
class PlainGrant:
    starts: date
    ends: date
    schedule: str
    quota: int  # downloads a calendar month; 0: as many as it likes
    lapses: date  # the last day of its buyer's verification
    leaves: date  # the last day of a person named on it as one of the buyer's
    state: str = "active"
    ended_at: datetime | None = None

    @property
    def until(self) -> date:
        return min(self.ends, day_of(self.ended_at)) if self.ended_at else self.ends


@dataclass
class PlainHold:
    grant: int
    code: str
    source: Name
    opened: datetime
    ends: datetime | None = None
    lifted: datetime | None = None

    def stood(self, at: datetime) -> bool:
        return self.opened < at and (self.lifted is None or self.lifted > at) and (self.ends is None or self.ends > at)

    def stands(self, at: datetime) -> bool:
        return self.lifted is None and (self.ends is None or self.ends > at)


@dataclass
class PlainAsk:
    """Somebody is asked for something about its copies, and has so many working days."""

    since: datetime
    days: int
    stood_still: int = 0
    still_since: datetime | None = None
    is_open: bool = True
    was_told: bool = False

    @property
    def due(self) -> datetime:
        return over(after(day_of(self.since), self.days + self.stood_still))

    def is_overdue(self, at: datetime) -> bool:
        return self.is_open and self.still_since is None and self.due <= at

    def go_on(self, at: datetime) -> None:
        assert self.still_since is not None
        self.stood_still += worked(self.still_since, at)
        self.still_since = None
        self.leave_a_day(at)

    def leave_a_day(self, at: datetime) -> None:
        while self.due < over(after(day_of(at), 1)):
            self.stood_still += 1

    def look_back(self, spans: list[tuple[datetime, datetime | None]], at: datetime) -> bool:
        """It stood still in each of these spans that began in time, seen or not. Whether anything was unseen."""
        seen, counted = self.stood_still, 0
        for began, ended in spans:
            began = max(began, self.since)
            if ended is not None and ended <= began:
                continue
            if self.due <= began:
                break
            if ended is None:
                self.still_since = began
                return True
            counted += worked(began, ended)
            self.stood_still = max(self.stood_still, counted)
        if self.stood_still == seen:
            return False
        self.leave_a_day(at)
        return True


@dataclass
class PlainSpan:
    grant: int
    case: Name
    began: datetime
    ended: datetime | None = None


@dataclass
class PlainReview:
    """A review of an order is open."""

    span: PlainSpan
    is_staying: bool = True


@dataclass
class Plain:
    grants: list[PlainGrant]
    published_at: datetime
    seller_until: date
    source_until: date
    mandate_until: date
    source_stands: bool = True
    times: dict[Name, int] = field(default_factory=dict)  # how often each finding was opened
    reports: dict[tuple[int, date], PlainReport] = field(default_factory=dict)
    findings: dict[Name, str] = field(default_factory=dict)
    holds: list[PlainHold] = field(default_factory=list)
    measures: dict[Name, str] = field(default_factory=dict)
    deliveries: list[tuple[int, datetime, bool]] = field(default_factory=list)
    rows: dict[tuple[int, date], int] = field(default_factory=dict)  # of a grant's days, those handed over
    attempts: dict[tuple[str, int, date], int] = field(default_factory=dict)  # refused, by reason, grant and day
    said: set[Name] = field(default_factory=set)
    asks: dict[tuple[str, int], list[PlainAsk]] = field(default_factory=dict)  # by what not doing it is, and the grant
    certificates: dict[int, str] = field(default_factory=dict)
    incidents: set[int] = field(default_factory=set)  # grants whose copies an incident concerns
    spans: list[PlainSpan] = field(default_factory=list)  # in which copies were evidence: order, review, incident
    reviews: dict[Name, PlainReview] = field(default_factory=dict)  # those that are open, by the order's name
    corrections: dict[Name, PlainAsk] = field(default_factory=dict)  # until when an order is to be corrected
    told_where: set[Name] = field(default_factory=set)  # what was not said in time, of which it was said later
    swept: date | None = None
    # The first question of each kind and grant whose time runs from the day on which a sweep happened to come by.
    by_chance: dict[tuple[str, int], int] = field(default_factory=dict)

    # What a sweep finds

    def sweep(self, at: datetime) -> None:
        self._notice_unsaid(at)
        self._open_periods(at)
        for report in self.reports.values():
            self._watch(report, at)
        self._watch_grants(at)
        self._watch_seller(at)
        self._watch_copies(at)
        self._watch_use(at)
        self._remind(at)
        self._close(at)
        for ask in (ask for asks in self.asks.values() for ask in asks):
            ask.was_told |= ask.is_overdue(at)
        self.swept = day_of(at)

    def notice(self, name: Name) -> None:
        """Once, and again where it was remedied."""
        if self.findings.get(name, "remedied") == "remedied":
            self.findings[name] = "open"
            self.times[name] = self.times.get(name, 0) + 1

    def _open_periods(self, at: datetime) -> None:
        today = day_of(at)
        for number, grant in enumerate(self.grants):
            starts = [report.end + timedelta(days=1) for (of, _start), report in self.reports.items() if of == number]
            start = max(starts, default=grant.starts)
            while start <= min(today, grant.until) and (grant.schedule != "at_the_end" or grant.until < today):
                whole = {"calendar_quarters": quarter_end, "calendar_halves": half_end}.get(grant.schedule)
                end = min(whole(start), grant.until) if whole else grant.until
                due = after(end, 10)
                self.reports[number, start] = PlainReport(number, start, end, over(due), over(after(due, 5)))
                start = end + timedelta(days=1)

    def _watch(self, report: PlainReport, at: datetime) -> None:
        key = (report.grant, report.start, report.round)
        if report.is_owed and report.due <= at:
            self.notice(("report_overdue", *key))
        if report.is_owed and report.late <= at and self.grants[report.grant].state == "active":
            noticed = self.findings["report_overdue", *key]
            is_paused = any(hold.source == key[:2] and hold.lifted is None for hold in self.holds)
            if not is_paused and noticed != "dismissed":
                if self.is_after_gap(at):  # it pauses as late as that
                    self._mark(UNSAID, report.grant, len(self.asks.get((UNSAID, report.grant), [])))
                self.hold(PlainHold(report.grant, "report_overdue", key[:2], at), at)
            if noticed == "open" and ("ordered", *key) not in self.measures:
                self.measures.setdefault(("report_late", *key), "proposed")
        if self.is_thin(report):
            self.notice(("report_thin", *key))
        for number, filed in enumerate(report.filings, 1):
            if filed["other_purpose"] or not (filed["is_nil"] or filed["purposes"]):
                self.notice(("outside_purpose", report.grant, report.start, number))

    def is_thin(self, report: PlainReport) -> bool:
        if report.state != "filed":
            return False
        filed = report.filings[-1]
        if filed["is_nil"]:
            return bool(filed["had"])
        others = [one for other in self.reports.values() if other is not report and other.grant == report.grant
                  for one in other.filings if one["at"] < filed["at"]]  # fmt: skip
        copied = any(not one["is_nil"] and bare(one["use"]) == bare(filed["use"]) for one in others)
        said = ("use", "results", "security", "purposes", "other_purpose")
        copied |= any(not one["is_nil"] and all(bare(one[name]) == bare(filed[name]) for name in said)
                      for one in report.filings[:-1])  # fmt: skip
        return copied or not all(bare(filed[name]) for name in ("use", "results", "security"))

    def _watch_grants(self, at: datetime) -> None:
        today = day_of(at)
        for number, when, is_outside in self.deliveries:
            grant, day = self.grants[number], day_of(when)
            so = {
                "fields": is_outside,
                "period": day > grant.ends or (grant.ended_at is not None and when > grant.ended_at),
                "held": any(hold.grant == number and hold.stood(when) for hold in self.holds),
            }
            for what in (what for what, is_so in so.items() if is_so):
                self.notice(("outside_grant", what, number, day))
        for number, grant in enumerate(self.grants):
            self._watch_quota(number, grant, at)
            if grant.lapses < today and self.runs(grant, today):
                self.notice(("buyer_lapsed", number, grant.lapses))
            left = (grant.ends - today).days
            if grant.state == "active" and left < 0:
                self.said.add(("grant_over", number, 30 if left <= -30 else 0))
            elif grant.state == "active" and left <= 30:
                self.said.add(("grant_ending", number, 10 if left <= 10 else 30))

    def _watch_quota(self, number: int, grant: PlainGrant, at: datetime) -> None:
        used = dict[str, int]()
        for _grant, when, _outside in (one for one in self.deliveries if one[0] == number):
            month = f"{day_of(when):%Y-%m}"
            used[month] = used.get(month, 0) + 1
            if 0 < grant.quota < used[month]:
                self.notice(("outside_grant", "volume", number, month))
        month = f"{day_of(at):%Y-%m}"
        for step in (100, 80):
            if grant.state == "active" and grant.quota and used.get(month, 0) * 100 >= step * grant.quota:
                self.said.add(("quota_used", number, month, grant.quota, step))
                break

    @staticmethod
    def runs(grant: PlainGrant, today: date) -> bool:
        return grant.state == "active" and grant.ends >= today

    def _watch_seller(self, at: datetime) -> None:
        today = day_of(at)
        if self.published_at + timedelta(days=STALE_DAYS) <= at:
            self.notice(("data_stale",))
        if self.seller_until < today:
            self.notice(("seller_lapsed",))
        if self.source_stands and self.source_until < today:
            self.notice(("source_lapsed",))
        if self.mandate_until < today:
            self.notice(("mandate_lapsed",))

    def _notice_unsaid(self, at: datetime) -> None:
        """Whoever was suspended when the time to say it was over, be it long ago."""
        for (what, number), asks in self.asks.items():
            for n, ask in enumerate(asks):
                held = any(hold.grant == number and hold.stood(ask.due) for hold in self.holds)
                if what == UNSAID and held and ask.is_overdue(at):
                    self.notice((UNSAID, number, n))

    def _watch_copies(self, at: datetime) -> None:
        for number, grant in enumerate(self.grants):
            if (ask := self.asked(UNSAID, number)) and not self.is_suspended(number, at):
                ask.is_open = False
            is_over = grant.state == "active" and grant.ends < day_of(at)
            if is_over or (grant.state != "active" and not self.asks.get((NOT_CLOSED_OUT, number))):
                self.ask_certificate(number, at)
            ask = self.asked(NOT_CLOSED_OUT, number)
            if ask and ask.since == at and at != over(grant.ends):
                self._mark(NOT_CLOSED_OUT, number)
            if ask and ask.still_since is None:
                is_due = ask.due <= at
                if (is_due or self.is_evidence(number)) and ask.look_back(self.spans_of(number), at) and is_due:
                    self._mark(NOT_CLOSED_OUT, number)
            elif ask and not self.is_evidence(number):
                self._mark(NOT_CLOSED_OUT, number)
                ask.go_on(at)
        for key, is_so in self._owing(at):
            if is_so:
                self.notice(key)

    def _owing(self, at: datetime) -> list[tuple[Name, bool]]:
        """Of each question for a certificate: whether its time is over without one."""
        return [((*key, n), ask.is_overdue(at)) for key, asks in self.asks.items() if key[0] == NOT_CLOSED_OUT
                for n, ask in enumerate(asks)]  # fmt: skip

    def _watch_use(self, at: datetime) -> None:
        """Of days that are over."""
        for (number, day), rows in self.rows.items():
            year = [(then, n) for (of, then), n in self.rows.items() if of == number and 0 < (day - then).days <= 365]
            if day < day_of(at) and is_sudden(rows, [n for _then, n in sorted(year)[-30:]]):
                self.notice(("sudden_change", number, day))
        for (code, number, day), count in self.attempts.items():
            if day < day_of(at) and count >= 3:
                self.notice(("outside_access", code, number, day))

    def _remind(self, at: datetime) -> None:
        today, tomorrow = day_of(at), over(after(day_of(at), 1))
        for report in self.reports.values():
            steps = [step for step in (1, 3, 10) if report.due <= over(after(today, step))]
            if report.is_owed and at < report.due and report.end < today and steps:
                last = day_of(report.due - timedelta(hours=1))
                self.said.add(("report_due", report.grant, report.start, last, steps[0]))
        lapses = {("verification_lapses", number): grant.lapses for number, grant in enumerate(self.grants)}
        lapses |= {("verification_lapses", "seller"): self.seller_until, ("mandate_lapses",): self.mandate_until}
        if self.source_stands and today <= self.source_until:
            lapses["source_lapses",] = self.source_until
        for key, last in lapses.items():
            if (step := step_before(last, today)) is not None:
                self.said.add((*key, last, step))
        for number, grant in enumerate(self.grants):
            if grant.state != "active":
                continue
            if grant.leaves < today:
                self.said.add(("person_left", number, grant.leaves))
            precautions = [hold for hold in self.holds if hold.grant == number and hold.code == "precaution"]
            for n, hold in enumerate(precautions):
                if hold.lifted is None and hold.ends is not None and hold.ends <= tomorrow:
                    self.said.add(("hold_over" if hold.ends <= at else "hold_ending", number, n))
        for (what, number), asks in self.asks.items():
            for n, ask in enumerate(asks):
                if what == UNSAID and ask.is_open and at < ask.due <= tomorrow and self.is_suspended(number, at):
                    self.said.add(("whereabouts_due", number, n))

    def _close(self, at: datetime) -> None:
        """What has no cause any more."""
        gone = {("seller_lapsed",): self.seller_until >= day_of(at), ("source_lapsed",): not self.source_stands}
        gone["mandate_lapsed",] = self.mandate_until >= day_of(at)
        for report in self.reports.values():
            for number in range(report.round + 1):
                is_thin = number == report.round and self.is_thin(report)
                gone["report_thin", report.grant, report.start, number] = not is_thin
        gone |= {key: not is_so for key, is_so in self._owing(at)} | dict.fromkeys(self.told_where, True)
        for key in (key for key in self.findings if key[0] == "buyer_lapsed"):
            grant = self.grants[key[1]]
            gone[key] = grant.lapses != key[2] or not self.runs(grant, day_of(at))
        for key, is_gone in gone.items():
            if is_gone and self.findings.get(key) == "open":
                self.findings[key] = "remedied"

    # What people do

    def file(self, report: PlainReport, at: datetime, content: dict[str, Any]) -> None:
        had = [1 for of, when, _outside in self.deliveries
               if of == report.grant and report.start <= day_of(when) <= report.end]  # fmt: skip
        if self.findings.get(key := ("report_overdue", report.grant, report.start, report.round)) == "open":
            self.findings[key] = "remedied"
        self.lift("report_overdue", (report.grant, report.start), at)
        report.filings.append({**content, "at": at, "had": had})
        report.state, report.round = "filed", report.round + 1

    def say(self, grant: int) -> None:
        self.told_where |= {key for key in self.findings if key[:2] == (UNSAID, grant)}
        self.end_asks(UNSAID, grant)

    def dismiss(self, key: Name, at: datetime) -> None:
        self.findings[key] = "dismissed"
        if key[0] == "report_overdue":
            self.lift("report_overdue", key[1:3], at)

    def give_back(self, report: PlainReport, at: datetime) -> None:
        due = after(day_of(at), 10)
        report.state, report.due, report.late = "returned", over(due), over(after(due, 5))

    def issue(self, key: Name, at: datetime) -> None:
        self.measures[key] = "issued"
        self.spans.append(PlainSpan(key[1], key, at))
        self.corrections[key] = PlainAsk(at, CORRECTION)
        self.hold(PlainHold(key[1], "measure", key, at), at)
        if self.findings.get(answered := ("report_overdue", *key[1:])) == "open":
            self.findings[answered] = "measure"

    def stay(self, key: Name, at: datetime) -> None:
        """What the order holds is served again, and the time to correct stands still."""
        if key not in self.reviews:
            self.spans.append(PlainSpan(key[1], ("review", at), at))
            self.reviews[key] = PlainReview(self.spans[-1])
        self.reviews[key].is_staying = True
        self.release("measure", key, at)
        if self.corrections[key].due > at:
            self.corrections[key].still_since = at

    def end_stay(self, key: Name, at: datetime) -> None:
        if not self.reviews[key].is_staying:
            return
        self.reviews[key].is_staying = False
        if self.measures[key] != "issued":
            return
        if self.corrections[key].still_since is not None:
            self.corrections[key].go_on(at)
        if self.grants[key[1]].state == "active":
            self.hold(PlainHold(key[1], "measure", key, at), at)

    def decide(self, key: Name, at: datetime) -> None:
        """The order stands, and its review is over."""
        self.end_stay(key, at)
        self.reviews.pop(key).span.ended = at

    def lift(self, code: str, source: Name, at: datetime) -> None:
        for span in self.spans:
            if span.case == source and span.ended is None:
                span.ended = at
        self.release(code, source, at)

    def release(self, code: str, source: Name, at: datetime) -> None:
        for hold in self.holds:
            if hold.code == code and hold.source == source and hold.lifted is None:
                hold.lifted = at
                if not self.is_suspended(hold.grant, at):
                    self.end_asks(UNSAID, hold.grant)

    def hold(self, hold: PlainHold, at: datetime) -> None:
        """Who has copies, and is suspended by this hold and not already, is asked where they are."""
        begins = not self.is_suspended(hold.grant, at)
        self.holds.append(hold)
        if begins and self.has_copies(hold.grant):
            self.ask(UNSAID, hold.grant, at)

    def end(self, grant: int, state: str, at: datetime) -> None:
        self.grants[grant].state, self.grants[grant].ended_at = state, at
        self.end_asks(UNSAID, grant)
        self.ask_certificate(grant, at)

    def deliver(self, grant: int, at: datetime, rows: int, *, is_outside: bool) -> None:
        self.deliveries.append((grant, at, is_outside))
        self.rows[grant, day_of(at)] = self.rows.get((grant, day_of(at)), 0) + rows

    def try_in_vain(self, code: str, grant: int, at: datetime, times: int) -> None:
        key = (code, grant, day_of(at))
        self.attempts[key] = self.attempts.get(key, 0) + times

    def certify(self, grant: int) -> None:
        self.certificates[grant] = "filed"
        self.end_asks(NOT_CLOSED_OUT, grant)

    def accept_certificate(self, grant: int, at: datetime) -> None:
        self.certificates[grant] = "accepted"
        if self.grants[grant].state == "active" and not self.is_evidence(grant):
            self.end(grant, "closed", at)

    def return_certificate(self, grant: int, at: datetime) -> None:
        self.certificates[grant] = "returned"
        self.ask(NOT_CLOSED_OUT, grant, at)

    def alarm(self, at: datetime) -> None:
        reached = {grant for grant, _when, _outside in self.deliveries}
        self.incidents |= reached
        self.spans += [PlainSpan(grant, ("incident", at), at) for grant in sorted(reached)]

    # Copies

    def has_copies(self, grant: int) -> bool:
        return any(of == grant for of, _when, _outside in self.deliveries)

    def is_suspended(self, grant: int, at: datetime) -> bool:
        return any(hold.grant == grant and hold.stands(at) for hold in self.holds)

    def is_evidence(self, grant: int) -> bool:
        ordered = any(key[1] == grant and state == "issued" for key, state in self.measures.items())
        return ordered or grant in self.incidents or any(key[1] == grant for key in self.reviews)

    def spans_of(self, grant: int) -> list[tuple[datetime, datetime | None]]:
        joined: list[tuple[datetime, datetime | None]] = []
        for span in sorted((span for span in self.spans if span.grant == grant), key=lambda span: span.began):
            if not joined or (joined[-1][1] is not None and joined[-1][1] < span.began):
                joined.append((span.began, span.ended))
            else:
                ends = (joined[-1][1], span.ended)
                joined[-1] = (joined[-1][0], None if None in ends else max(end for end in ends if end))
        return joined

    def is_after_gap(self, at: datetime) -> bool:
        return self.swept is not None and (day_of(at) - self.swept).days > 1

    def asked(self, what: str, grant: int) -> PlainAsk | None:
        return next((ask for ask in self.asks.get((what, grant), []) if ask.is_open), None)

    def ask(self, what: str, grant: int, since: datetime) -> None:
        self.end_asks(what, grant)
        self.asks.setdefault((what, grant), []).append(PlainAsk(since, TIME[what]))

    def end_asks(self, what: str, grant: int) -> None:
        for ask in self.asks.get((what, grant), []):
            ask.is_open = False

    def ask_certificate(self, grant: int, at: datetime) -> None:
        """From the grant's last day; from today, where nobody asked until that time was over."""
        if self.asked(NOT_CLOSED_OUT, grant) or grant in self.certificates or not self.has_copies(grant):
            return
        since = min(at, over(self.grants[grant].ends))
        is_late = over(after(day_of(since), TIME[NOT_CLOSED_OUT])) <= at
        self.ask(NOT_CLOSED_OUT, grant, at if is_late else since)

    def _mark(self, what: str, grant: int, first: int | None = None) -> None:
        asks = self.asks.get((what, grant), [])
        running = len(asks) - bool(asks and asks[-1].is_open)
        self.by_chance.setdefault((what, grant), running if first is None else first)

    def questions(self) -> dict[Name, tuple[Any, ...]]:
        return {(*key, n): (ask.due, ask.still_since is not None, ask.is_open, ask.was_told)
                for key, asks in self.asks.items() for n, ask in enumerate(asks)}  # fmt: skip

    def outcome(self) -> dict[str, Any]:
        """What has to be the same however often, and whenever, somebody looked."""
        return {
            "reports": {key: (row.end, row.due, row.late, row.state, row.round) for key, row in self.reports.items()},
            "findings": {name: (state, self.times[name]) for name, state in self.findings.items()},
            "holds": sorted((row.grant, row.code, str(row.source) if row.code == "report_overdue" else "",
                             "lifted" if row.lifted else "open") for row in self.holds),
            "measures": self.measures,
            "grants": [grant.state for grant in self.grants],
            "certificates": self.certificates,
        }  # fmt: skip
