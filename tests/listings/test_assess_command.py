import json

import pytest
from django.core.management import call_command

from listings.deidentification.rules import Rules


@pytest.mark.parametrize(("smallest", "status"), [("12", 0), ("13", 2)])
def test_command_assesses_by_the_thresholds_of_the_site(tmp_path, settings, capsys, smallest, status):
    settings.RISK_RULES = Rules.read({"k_platform": smallest})
    path = tmp_path / "people.csv"
    path.write_text("age,sex\n" + "".join(f"{30 + n % 2},f\n" for n in range(24)))
    with pytest.raises(SystemExit) as left:
        call_command("assess", str(path), "--json")
    report = json.loads(capsys.readouterr().out)
    assert (left.value.code, report["with_suggested"]["k"], report["rules"]["k_platform"]) == (
        status,
        12,
        int(smallest),
    )


def test_command_says_what_cannot_be_read(tmp_path, capsys):
    with pytest.raises(SystemExit) as left:
        call_command("assess", str(tmp_path / "none.csv"))
    assert left.value.code == 1 and "none.csv" in capsys.readouterr().err


def test_command_measures_by_the_engine_of_the_site_unless_another_is_named(tmp_path, settings, capsys):
    settings.RISK_ENGINE = "none of ours"
    path = tmp_path / "people.csv"
    path.write_text("age,sex\n" + "30,f\n" * 20)
    for options, status in (([], 1), (["--engine", "duckdb"], 2)):
        with pytest.raises(SystemExit) as left:
            call_command("assess", str(path), *options)
        assert left.value.code == status
    assert "(engine)" in capsys.readouterr().err
