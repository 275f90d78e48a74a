from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("clock", "0210_objections"),
    ]

    operations = [
        migrations.AlterField(
            model_name="clock",
            name="kind",
            field=models.CharField(
                choices=[
                    ("acceptance", "accept, return or refuse a submission"),
                    ("precheck", "authority's check before consulting"),
                    ("consultation", "providing unit's answer"),
                    ("decision", "decision"),
                    ("publicity", "publicity of a listing"),
                    ("objection", "answer to an objection against a listing"),
                    ("offer", "accept the terms offered"),
                    ("report", "usage report after its period"),
                    ("report_grace", "report late: pause by the grant's terms"),
                    ("correction", "correct what an order names"),
                    ("hearing", "be heard before termination"),
                    ("finding", "answer to a finding"),
                    ("precaution", "precaution ends by itself"),
                    ("whereabouts", "say where copies are, on suspension"),
                    ("destruction", "destroy copies, at the end"),
                    ("reassessment", "assess again what is on offer"),
                    ("mending", "mend a file that failed, before it is destroyed"),
                ],
                max_length=20,
                verbose_name="deadline",
            ),
        ),
        migrations.AlterField(
            model_name="clocksetting",
            name="kind",
            field=models.CharField(
                choices=[
                    ("acceptance", "accept, return or refuse a submission"),
                    ("precheck", "authority's check before consulting"),
                    ("consultation", "providing unit's answer"),
                    ("decision", "decision"),
                    ("publicity", "publicity of a listing"),
                    ("objection", "answer to an objection against a listing"),
                    ("offer", "accept the terms offered"),
                    ("report", "usage report after its period"),
                    ("report_grace", "report late: pause by the grant's terms"),
                    ("correction", "correct what an order names"),
                    ("hearing", "be heard before termination"),
                    ("finding", "answer to a finding"),
                    ("precaution", "precaution ends by itself"),
                    ("whereabouts", "say where copies are, on suspension"),
                    ("destruction", "destroy copies, at the end"),
                    ("reassessment", "assess again what is on offer"),
                    ("mending", "mend a file that failed, before it is destroyed"),
                ],
                max_length=20,
                primary_key=True,
                serialize=False,
            ),
        ),
    ]
