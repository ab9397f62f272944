"""Makes the shift log of waste shredders: one row per machine and eight-hour shift."""

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Whole = npt.NDArray[np.int64]

BEGIN = np.datetime64("2024-01-01T06")
SHIFT_HOURS = 8
SHIFTS_EACH = 36  # of the calendar; a machine has no row while it is being repaired
MOST_WEAR = 6.0
AHEAD = 3  # shifts in the 24 hours after a shift's end
REPEATED_EACH = 250  # one row in so many is exported twice

TYPES = ("twin shaft", "single shaft", "granulator", "hammer mill")
TYPE_LEVEL = np.array([[0.0, 0.0, 0.0], [0.5, 3.0, -9.0], [-0.4, -4.0, -22.0], [1.3, 5.0, 14.0]])
TYPE_WEAR = np.array([0.0, -0.1, -0.3, 0.25])
WASTE = ("household", "wood", "metal", "bulky", "plastics")
WASTE_WEAR = np.array([0.0, -0.15, 0.35, 0.1, -0.2])
GREASE = ("lithium", "calcium", "polyurea")


def make(seed: int, rows: int) -> pd.DataFrame:
    """Return `rows` shifts, machine after machine; the same seed and rows give the same table.

    Every seed has machines of its own, drawn from the same population.

    Known when the shift ends:

    - machine_id: text, like SH-20417.
    - shift_start: `YYYY-MM-DD HH:00`, local standard time; shifts begin at 6, 14 and 22 h.
    - operator_badge: number of the operator of the shift, text.
    - machine_type: twin shaft, single shaft, granulator, hammer mill; typed by hand.
    - waste: household, wood, metal, bulky, plastics; typed by hand, about 3 % empty.
    - grease: lithium, calcium, polyurea; typed by hand.
    - age_years: years since delivery, 0 to 25.
    - service_h: running hours since the last service or repair.
    - load_t: tonnes shredded in the shift, 1 to 200.
    - vib_mm_s: mean vibration velocity at the shaft; about 4 % missing, in runs.
    - bearing_c: mean temperature of the bearing; about 3 % missing.
    - motor_a: mean current of the motor; about 2 % missing.
    - jams: times the shaft was blocked in the shift.

    Known only after a failure:

    - repair_minutes: minutes of the repair, booked on the shifts of the 24 hours before it, else 0.
    - fault_code: 0, or what the crew found, 11 to 44; booked in the same way.
    - fails_24h: the target, 1 if the machine failed within 24 hours after the end of the shift
      (about 6 %).

    Raises:
        ValueError: if `rows` is not positive.
    """
    if rows < 1:
        raise ValueError(f"rows must be at least 1, not {rows}")
    rng = np.random.default_rng(seed)
    repeated = rows // REPEATED_EACH
    machines = rows // (SHIFTS_EACH - 8) + 2
    log = _log(rng, machines).iloc[: rows - repeated]
    again = log.iloc[np.sort(rng.choice(len(log), repeated, replace=False))]
    table: pd.DataFrame = pd.concat([log, again]).sort_index(kind="stable")
    return table.reset_index(drop=True)


def _log(rng: np.random.Generator, machines: int) -> pd.DataFrame:
    """Return all shifts in which the machines ran."""
    kind = rng.choice(len(TYPES), machines, p=[0.4, 0.3, 0.2, 0.1])
    waste = rng.choice(len(WASTE), machines, p=[0.34, 0.22, 0.14, 0.18, 0.12])
    grease = rng.choice(len(GREASE), machines, p=[0.5, 0.2, 0.3])
    age = rng.gamma(2.2, 3.2, machines).clip(0.1, 25).round(1)
    load = _loads(rng, machines)
    wear, hours, running, failed = _lives(rng, load, kind, waste, age)
    sensors = _sensors(rng, wear, load, kind)
    repair = _before(np.where(failed, rng.gamma(3.0, 70.0, failed.shape).clip(30).round(), 0))
    code = _before(np.where(failed, rng.choice([11, 14, 23, 31, 44], failed.shape), 0))
    stamps = pd.Series(BEGIN + np.arange(SHIFTS_EACH) * np.timedelta64(SHIFT_HOURS, "h"))
    names = _identifiers(rng, machines)
    # A shift that a failure cut short has no row; of the last day nobody knows the target yet.
    picked = (running & ~failed)[:, :SHIFTS_EACH].nonzero()
    who, when = picked
    return pd.DataFrame(
        {
            "machine_id": names[who],
            "shift_start": stamps.dt.strftime("%Y-%m-%d %H:00").to_numpy()[when],
            "operator_badge": [f"{10_000 + 17 * w + r}" for w, r in _crews(rng, who, when)],
            "machine_type": _typed(rng, TYPES, kind[who], 0.0),
            "waste": _typed(rng, WASTE, waste[who], 0.03),
            "grease": _typed(rng, GREASE, grease[who], 0.0),
            "age_years": age[who],
            "service_h": hours[picked].round(),
            "load_t": load[picked].round(1),
            "vib_mm_s": _lost(rng, sensors["vibration"][picked].round(2), 0.04),
            "bearing_c": _lost(rng, sensors["temp"][picked].round(1), 0.03),
            "motor_a": _lost(rng, sensors["current"][picked].round(1), 0.02),
            "jams": rng.poisson(np.exp(-1.0 + 0.45 * wear[picked])),
            "repair_minutes": repair[picked].astype(np.int64),
            "fault_code": code[picked].astype(np.int64),
            "fails_24h": (code[picked] > 0).astype(np.int64),
        }
    )


def _loads(rng: np.random.Generator, machines: int) -> Floats:
    """Return the tonnes of each machine and shift; a machine has its own habit."""
    usual = rng.normal(3.6, 0.35, (machines, 1))
    night = np.where(np.arange(SHIFTS_EACH + AHEAD) % 3 == 2, -0.25, 0.0)
    tonnes = np.exp(usual + night + rng.normal(0, 0.22, (machines, SHIFTS_EACH + AHEAD)))
    return np.asarray(tonnes.clip(1, 200))


def _lives(
    rng: np.random.Generator, load: Floats, kind: Whole, waste: Whole, age: Floats
) -> tuple[Floats, Floats, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Return wear, hours since service, whether a machine ran, and whether it then failed."""
    machines, shifts = load.shape
    pace = np.exp(
        -3.85 + TYPE_WEAR[kind] + WASTE_WEAR[waste] + 0.025 * age + rng.normal(0, 0.45, machines)
    )
    wear = np.zeros((machines, shifts))
    hours = np.zeros((machines, shifts))
    running = np.zeros((machines, shifts), dtype=bool)
    failed = np.zeros((machines, shifts), dtype=bool)
    level = np.asarray(rng.gamma(1.2, 0.9, machines), dtype=np.float64)
    since = np.asarray(rng.uniform(0, 500, machines), dtype=np.float64)
    rest = np.zeros(machines, dtype=int)
    for t in range(shifts):
        running[:, t] = rest == 0
        # Worn parts wear faster: near the end it is a matter of a few shifts.
        grown = pace * np.exp(0.8 * level) * rng.gamma(1.5, 1 / 1.5, machines)
        grown = grown * (load[:, t] / 40.0) ** 0.6
        level = np.minimum(level + grown * running[:, t], MOST_WEAR)
        since = since + SHIFT_HOURS * running[:, t]
        wear[:, t], hours[:, t] = level, since
        risk = 1.0 / (1.0 + np.exp(11.5 - 3.0 * level))
        failed[:, t] = running[:, t] & (rng.random(machines) < risk)
        served = running[:, t] & ~failed[:, t] & (since > rng.uniform(450, 900, machines))
        rest = np.where(failed[:, t], rng.integers(1, 5, machines), np.maximum(rest - 1, 0))
        level = np.where(failed[:, t], rng.gamma(1.0, 0.25, machines), level)
        level = np.where(served, 0.45 * level, level)
        since = np.where(failed[:, t] | served, 0.0, since)
    return wear, hours, running, failed


def _before(booked: Floats) -> Floats:
    """Return for each shift what is booked on a failure in the 24 hours after it, else 0."""
    padded = np.pad(booked, ((0, 0), (0, AHEAD)))
    later = [padded[:, k : k + booked.shape[1]] for k in range(1, AHEAD + 1)]
    return np.asarray(np.maximum.reduce(later), dtype=np.float64)


def _sensors(
    rng: np.random.Generator, wear: Floats, load: Floats, kind: Whole
) -> dict[str, Floats]:
    """Return the readings: a level of the type, one of the machine, the load, and the wear."""
    machines = len(load)
    own = rng.normal(0, 1, (3, machines, 1))
    noise = rng.normal(0, 1, (3, *load.shape))
    excess = np.log(load / 40.0)
    by_type = TYPE_LEVEL[kind][:, :, None]
    vibration = 4.2 + by_type[:, 0] + 0.7 * own[0] + 0.35 * excess + 0.85 * wear + 0.5 * noise[0]
    temp = 58 + by_type[:, 1] + 2.8 * own[1] + 3.0 * excess + 3.2 * wear + 2.4 * noise[1]
    current = 96 + by_type[:, 2] + 6.0 * own[2] + 24.0 * excess + 2.6 * wear + 5.0 * noise[2]
    return {
        "vibration": vibration.clip(0.3, 60),
        "temp": temp.clip(5, 180),
        "current": current.clip(10, 500),
    }


def _crews(rng: np.random.Generator, who: Whole, when: Whole) -> list[tuple[int, int]]:
    """Return machine and member for the operator of each shift; a machine has five operators."""
    member = (when % 3 + rng.integers(0, 3, len(who))) % 5
    return list(zip(who.tolist(), member.tolist(), strict=True))


def _identifiers(rng: np.random.Generator, count: int) -> npt.NDArray[np.object_]:
    """Return different machine numbers in no order."""
    numbers = 10_000 + rng.choice(90_000, count, replace=False)
    return np.array([f"SH-{n}" for n in numbers], dtype=object)


def _typed(
    rng: np.random.Generator, words: tuple[str, ...], codes: Whole, empty: float
) -> npt.NDArray[np.object_]:
    """Return the words as the yards type them: other capitals, stray blanks, or nothing."""
    text = pd.Series(np.array(words, dtype=object)[codes])
    forms = [
        text,
        text.str.title(),
        text.str.upper(),
        text + " ",
        "  " + text,
        pd.Series("", index=text.index),
    ]
    shares = [0.86 - empty, 0.05, 0.03, 0.03, 0.03, empty]
    return np.asarray(np.choose(rng.choice(len(forms), len(codes), p=shares), forms), dtype=object)


def _lost(rng: np.random.Generator, values: Floats, share: float) -> Floats:
    """Return the readings with a share of them missing, single ones and runs of four shifts."""
    begun = rng.random(len(values)) < share / 8
    runs = np.convolve(begun, np.ones(4))[: len(values)] > 0
    return np.where(runs | (rng.random(len(values)) < share / 2), np.nan, values)
