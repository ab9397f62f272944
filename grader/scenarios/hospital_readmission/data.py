"""Hospital stays with readmissions: made-up rows for the hospital-readmission scenario."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Words = npt.NDArray[np.object_]

START = np.datetime64("2021-01-01", "D")
MAX_STAYS = 12
BASE_RISK = -3.42
DIAGNOSES = {  # share of the patients, nights in hospital, risk, risk of an unplanned arrival
    "heart failure": (0.15, 6.5, 0.65, 0.8),
    "copd": (0.13, 5.5, 0.5, 0.8),
    "diabetes": (0.11, 4.5, 0.1, 0.5),
    "kidney disease": (0.08, 5.5, 0.45, 0.6),
    "stroke": (0.09, 8.0, 0.0, 0.95),
    "hip or knee": (0.2, 5.0, -0.7, 0.25),
    "gallbladder": (0.14, 2.5, -0.8, 0.5),
    "pneumonia": (0.1, 5.0, 0.05, 0.95),
}
LONG_TERM = ("heart failure", "copd", "diabetes", "kidney disease")  # the same at every stay
WARDS = np.array(["a2", "a3", "b1", "b2", "c1"], dtype=object)
WARD_RISK = np.array([0.0, 0.1, -0.15, 0.2, -0.1])
PLACES = np.array(["home", "home with care", "nursing home", "rehabilitation"], dtype=object)
PLACE_RISK = np.array([0.0, 0.4, 0.25, -0.45])


@dataclass(frozen=True)
class Patients:
    """What stays the same from one stay of a patient to the next."""

    born: Floats
    frailty: Floats
    illness: Ints
    creatinine: Floats
    haemoglobin: Floats


def _stays_of(rng: np.random.Generator, n: int) -> Ints:
    """The number of each stay within its patient, from 0, patient by patient; n stays in all."""
    counts = np.minimum(1 + rng.negative_binomial(1.1, 0.42, n), MAX_STAYS)
    last = int(np.searchsorted(np.cumsum(counts), n))
    numbers = np.concatenate([np.arange(c) for c in counts[: last + 1]])
    return np.asarray(numbers[:n], dtype=np.int64)


def _patients(rng: np.random.Generator, n: int) -> Patients:
    frailty = rng.normal(0.0, 1.0, n)
    share = np.array([d[0] for d in DIAGNOSES.values()])
    illness = rng.choice(len(share), n, p=share / share.sum())
    kidneys = 0.25 * frailty + 0.8 * (illness == list(DIAGNOSES).index("kidney disease"))
    return Patients(
        born=np.clip(rng.normal(69.0, 13.0, n) + 2.0 * frailty, 18.0, 101.0),
        frailty=frailty,
        illness=illness,
        creatinine=np.exp(4.4 + 0.35 * kidneys + rng.normal(0.0, 0.22, n)),
        haemoglobin=13.0 - 0.5 * frailty + rng.normal(0.0, 1.1, n),
    )


def _blank(rng: np.random.Generator, values: Floats, share: float, digits: int) -> Floats:
    """Round the values and hide a share of them."""
    return np.where(rng.random(len(values)) < share, np.nan, np.round(values, digits))


def _typed(rng: np.random.Generator, words: Words) -> Words:
    """The words as ward clerks type them: other capitals, stray blanks, now and then nothing."""
    text = pd.Series(words, dtype=object)
    forms = [text, text.str.title(), text.str.upper(), text + " ", " " + text]
    style = rng.choice(len(forms), len(words), p=[0.8, 0.1, 0.04, 0.04, 0.02])
    typed = np.choose(style, [form.to_numpy(dtype=object) for form in forms])
    result: Words = np.where(rng.random(len(words)) < 0.02, "", typed).astype(object)
    return result


def make(seed: int, rows: int) -> pd.DataFrame:
    """Stays of one hospital, in order of discharge; about 14 % are followed by a readmission.

    stay_id               id of the stay
    patient_id            id of the patient; a patient has between 1 and 12 stays
    admitted, discharged  days, `YYYY-MM-DD`
    age                   whole years at admission, 18-104
    sodium                last value before discharge, mmol/l; missing if not measured
    haemoglobin           last value before discharge, g/dl; missing if not measured
    creatinine            last value before discharge, umol/l; missing if not measured
    drugs                 different drugs on the discharge letter; some missing
    emergencies_6m        visits to the emergency room in the six months before admission
    diagnosis_group       group of the main diagnosis, as typed by the ward
    ward                  ward that discharged the patient, as typed by the ward
    discharged_to         where the patient went, as typed by the ward; some empty
    arrival               planned or unplanned
    days_to_next_contact  days from discharge to the next contact with any hospital of the region,
                          filled in later by the insurers; missing if there was none within 180 days
    readmitted_30d        1 if a contact within 30 days was an unplanned stay, else 0 (target)
    """
    if rows < 1:
        raise ValueError(f"rows must be at least 1, not {rows}")
    rng = np.random.default_rng(seed)
    repeats = rows // 200
    n = rows - repeats
    number = _stays_of(rng, n)
    patient = np.cumsum(number == 0) - 1
    people = _patients(rng, int(patient[-1]) + 1)
    stay = _stay_columns(rng, people, patient, number)
    risk = stay.pop("risk").to_numpy()
    again = rng.random(n) < 1.0 / (1.0 + np.exp(-risk))

    nights, followed = stay["nights"].to_numpy(), np.append(number[1:] > 0, False)
    soon = rng.integers(1, 31, n)
    later = 31 + np.floor(rng.exponential(120.0, n))
    to_next = np.where(again, soon, later)
    step = np.where(followed, nights + to_next, 0.0)
    begun = np.cumsum(step) - step
    begun -= begun[number == 0][patient]
    first = rng.integers(0, 900, len(people.born))[patient]
    admitted = START + (first + begun).astype(np.int64).astype("timedelta64[D]")
    discharged = admitted + nights.astype(np.int64).astype("timedelta64[D]")
    check_up = np.where(rng.random(n) < 0.35, rng.integers(5, 180, n), np.inf)
    contact = np.where(again, soon, np.minimum(check_up, np.where(followed, later, np.inf)))

    table = pd.DataFrame(
        {
            "stay_id": [f"S{i:07d}" for i in rng.permutation(n) + 1_000_000],
            "patient_id": (rng.permutation(len(people.born)) + 200_000)[patient].astype(str),
            "admitted": pd.Series(admitted).dt.strftime("%Y-%m-%d"),
            "discharged": pd.Series(discharged).dt.strftime("%Y-%m-%d"),
            "age": np.floor(people.born[patient] + (first + begun) / 365.25).astype(np.int64),
            **stay.drop(columns="nights"),
            "days_to_next_contact": np.where(contact <= 180, contact, np.nan),
            "readmitted_30d": again.astype(np.int64),
        }
    )
    twice = table.iloc[rng.choice(n, repeats, replace=False)]
    together = pd.concat([table, twice], ignore_index=True)
    return together.sort_values(["discharged", "stay_id"], kind="stable", ignore_index=True)


def _stay_columns(
    rng: np.random.Generator, people: Patients, patient: Ints, number: Ints
) -> pd.DataFrame:
    """The columns of each stay, its nights, and the log-odds of a readmission."""
    n, names = len(patient), np.array(list(DIAGNOSES), dtype=object)
    usual = people.illness[patient]
    other = rng.choice(len(names), n)
    keeps = rng.random(n) < np.where(np.isin(names[usual], LONG_TERM), 0.85, 0.2)
    group = np.where(keeps | (number == 0), usual, other)
    _, length, by_group, unplanned = (
        np.array([d[i] for d in DIAGNOSES.values()])[group] for i in range(4)
    )
    frailty, age = people.frailty[patient], people.born[patient]
    nights = np.clip(np.round(length * np.exp(rng.normal(0.1 * frailty, 0.5, n))), 1, 60)
    arrival = rng.random(n) < unplanned
    sodium = np.clip(139.0 - 0.8 * frailty + rng.normal(0.0, 3.0, n), 118.0, 152.0)
    blood = np.clip(people.haemoglobin[patient] + rng.normal(0.0, 0.7, n), 5.5, 18.0)
    kidneys = np.clip(people.creatinine[patient] * np.exp(rng.normal(0.0, 0.14, n)), 30.0, 900.0)
    drugs = rng.poisson(np.exp(1.5 + 0.22 * frailty + 0.01 * (age - 69.0)))
    visits = rng.poisson(np.exp(-1.0 + 0.6 * frailty + 0.12 * number))
    ward = rng.choice(len(WARDS), n)
    place = np.where(
        rng.random(n) < 0.62 - 0.008 * (age - 69.0), 0, rng.choice([1, 2, 3], n, p=[0.5, 0.2, 0.3])
    )
    risk = (
        BASE_RISK
        + 0.75 * frailty
        + by_group
        + 0.22 * np.minimum(number, 5)
        + 0.25 * np.minimum(visits, 5)
        + 0.06 * (drugs - 5.0)
        + 0.35 * arrival
        + 0.5 * (sodium < 135.0)
        + 0.45 * (blood < 10.5)
        + 0.5 * np.log(kidneys / 82.0)
        + 0.03 * np.minimum(nights, 15.0)
        + 0.012 * (age - 69.0)
        + WARD_RISK[ward]
        + PLACE_RISK[place]
    )
    return pd.DataFrame(
        {
            "sodium": _blank(rng, sodium, 0.06, 0),
            "haemoglobin": _blank(rng, blood, 0.05, 1),
            "creatinine": _blank(rng, kidneys, 0.07, 0),
            "drugs": _blank(rng, drugs.astype(np.float64), 0.03, 0),
            "emergencies_6m": np.minimum(visits, 40),
            "diagnosis_group": _typed(rng, names[group]),
            "ward": _typed(rng, WARDS[ward]),
            "discharged_to": _typed(rng, PLACES[place]),
            "arrival": _typed(rng, np.where(arrival, "unplanned", "planned").astype(object)),
            "nights": nights,
            "risk": risk,
        }
    )
