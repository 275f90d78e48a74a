from unicodedata import normalize

from django.db import migrations

AT_A_TIME = 2_000


def gist(text):
    return "".join(filter(str.isalnum, normalize("NFKC", text).casefold()))


def thinness(filing, earlier):
    """As the site asks from now on when a report is filed (`marketplace/supervision/thin.py`)."""
    if filing.is_nil:
        return "nil" if filing.metered else ""
    use, results, security = map(gist, (filing.use, filing.results, filing.security))
    if use in earlier:
        return "copied"
    return "" if use and results and security else "empty"


def judge(apps, schema_editor):
    """What waits to be judged: whatever was judged already is compared when it is filed anew."""
    report, filing = apps.get_model("supervision", "UsageReport"), apps.get_model("supervision", "ReportFiling")
    waiting = report.objects.filter(state="filed").order_by("pk")
    last = 0
    while batch := list(waiting.filter(pk__gt=last)[:AT_A_TIME]):
        last = batch[-1].pk
        of_grant, filed = {}, {}
        grants = {row.grant_id for row in batch}
        for row in filing.objects.filter(report__grant__in=grants).select_related("report").order_by("pk"):
            of_grant.setdefault(row.report.grant_id, []).append(row)
            filed[row.report_id, row.round] = row
        for row in batch:
            if mine := filed.get((row.pk, row.round)):
                others = [one for one in of_grant[row.grant_id] if one.pk < mine.pk and one.report_id != row.pk]
                row.thin = thinness(mine, {gist(one.use) for one in others if not one.is_nil})
        report.objects.bulk_update([row for row in batch if row.thin], ["thin"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("supervision", "0660_thin_reports")]
    operations = [migrations.RunPython(judge, migrations.RunPython.noop)]
