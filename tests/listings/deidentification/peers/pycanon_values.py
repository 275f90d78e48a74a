"""Writes pycanon_values.json: tables of scikit-learn and statsmodels, and what pycanon 1.0.1 measures on them.

Runs in the environment of `make peers`, with the folder data/processed of pycanon's repository for its own examples:
`.peers/bin/python tests/listings/deidentification/peers/pycanon_values.py FOLDER`.
"""

import json
import sys
from pathlib import Path

import pandas as pd
import statsmodels.api as sm
from pycanon import anonymity
from sklearn import datasets

HERE = Path(__file__).parent


def tables(examples: Path) -> dict[str, pd.DataFrame]:
    iris = datasets.load_iris(as_frame=True)
    flowers = iris.frame.rename(columns=lambda name: name.replace(" (cm)", "").replace(" ", "_"))
    flowers["species"] = [str(iris.target_names[number]) for number in flowers.pop("target")]
    flowers = flowers.round(0).astype({name: int for name in flowers.columns[:4]})
    wine = datasets.load_wine(as_frame=True).frame
    grapes = pd.DataFrame({
        "alcohol": wine.alcohol.round().astype(int), "hue": wine.hue.round(1), "ash": wine.ash.round().astype(int),
        "kind": [f"kind {number}" for number in wine.target],
    })  # fmt: skip
    voters = sm.datasets.anes96.load_pandas().data
    voters = voters[["age", "educ", "income", "vote", "PID"]].astype(int)
    voters["age"] = voters.age // 20 * 20
    voters["party"] = [f"p{number}" for number in voters.pop("PID")]
    affairs = sm.datasets.fair.load_pandas().data.iloc[::9].reset_index(drop=True)
    couples = pd.DataFrame({
        "religious": affairs.religious.astype(int), "children": affairs.children,
        "occupation": affairs.occupation.astype(int),
        "rating": affairs.rate_marriage.astype(int), "affair": ["yes" if each else "no" for each in affairs.affairs],
    })  # fmt: skip
    exams = sm.datasets.spector.load_pandas().data.astype({"TUCE": int, "PSI": int, "GRADE": int})
    drugs, hospital = (pd.read_csv(examples / f"{name}.csv") for name in ("drugs_k5", "hospital_anonymized"))
    return {
        "drugs": drugs,
        "hospital": hospital,
        "iris": flowers,
        "wine": grapes,
        "anes96": voters,
        "fair": couples,
        "spector": exams,
    }


CASES = {
    "iris": [
        (["petal_width"], ["species", "sepal_length"]),
        (["sepal_length", "sepal_width"], ["species", "petal_length"]),
    ],
    "wine": [(["alcohol"], ["kind", "hue"]), (["alcohol", "ash"], ["kind", "hue"])],
    "anes96": [
        (["age"], ["party", "income", "educ"]),
        (["age", "vote"], ["party", "income"]),
        (["age", "educ"], ["party"]),
    ],
    "fair": [(["religious"], ["affair", "rating"]), (["religious", "children", "occupation"], ["affair", "rating"])],
    "spector": [(["PSI"], ["GRADE", "TUCE", "GPA"])],
    "drugs": [(["Age", "Sex", "BP", "Cholesterol"], ["Drug"]), (["Sex", "BP"], ["Drug", "Cholesterol"])],
    "hospital": [(["age", "gender", "city"], ["disease"]), (["gender"], ["disease"])],
}


def measured(data: pd.DataFrame, keys: list[str], sensitive: str) -> dict:
    return {
        "l_distinct": int(anonymity.l_diversity(data, keys, [sensitive])),
        "l_entropy": int(anonymity.entropy_l_diversity(data, keys, [sensitive])),
        "t": float(anonymity.t_closeness(data, keys, [sensitive])),
    }


def main() -> None:
    out = []
    for name, data in tables(Path(sys.argv[1])).items():
        cases = [
            {
                "quasi_identifiers": keys, "k": int(anonymity.k_anonymity(data, keys)),
                "sensitive": {column: measured(data, keys, column) for column in sensitive},
            }
            for keys, sensitive in CASES[name]
        ]  # fmt: skip
        out.append({"table": name, "columns": {each: data[each].tolist() for each in data}, "cases": cases})
    (HERE / "pycanon_values.json").write_text(json.dumps(out, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
