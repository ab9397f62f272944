"""Makes support tickets of a network-equipment vendor, each with the team that resolved it."""

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

TEAMS: Final = ("technical", "billing", "accounts", "logistics", "security")
TEAM_SHARES: Final = (0.45, 0.22, 0.17, 0.11, 0.05)
CHANNELS: Final = ("email", "web form", "chat", "phone")
PRODUCTS: Final = ("router", "camera", "mesh kit", "cloud backup", "mobile app")
TIERS: Final = ("free", "standard", "business", "enterprise")

# Rows are teams in the order of TEAMS, columns the categories above.
CHANNEL_GIVEN_TEAM: Final = (
    (0.28, 0.27, 0.33, 0.12),
    (0.40, 0.27, 0.15, 0.18),
    (0.25, 0.30, 0.28, 0.17),
    (0.34, 0.36, 0.12, 0.18),
    (0.42, 0.32, 0.12, 0.14),
)
PRODUCT_GIVEN_TEAM: Final = (
    (0.34, 0.20, 0.22, 0.12, 0.12),
    (0.18, 0.14, 0.12, 0.36, 0.20),
    (0.14, 0.18, 0.10, 0.30, 0.28),
    (0.34, 0.30, 0.30, 0.03, 0.03),
    (0.20, 0.34, 0.06, 0.22, 0.18),
)
TIER_GIVEN_TEAM: Final = (
    (0.25, 0.40, 0.25, 0.10),
    (0.12, 0.46, 0.30, 0.12),
    (0.32, 0.38, 0.20, 0.10),
    (0.22, 0.46, 0.24, 0.08),
    (0.20, 0.32, 0.28, 0.20),
)
SLA_HOURS: Final = (72.0, 24.0, 8.0, 4.0)
SPEND_LOG_MEAN: Final = (0.9, 2.9, 4.9, 6.9)
PRODUCT_WORDS: Final = (
    ("router", "box", "gateway", "modem"),
    ("camera", "cam", "doorbell cam"),
    ("mesh kit", "repeater", "second node", "mesh"),
    ("cloud backup", "backup", "cloud plan", "online storage"),
    ("app", "mobile app", "phone app"),
)
WHENS: Final = (
    "yesterday",
    "this morning",
    "last night",
    "since Monday",
    "for two weeks now",
    "since the weekend",
    "a few days ago",
    "since last month",
    "again today",
    "on Friday",
)
PLACES: Final = ("office", "shop", "home", "second site", "warehouse", "flat", "reception")

# What only one team is asked as a rule; {p} product, {w} when, {n} number, {s} place.
OWN_SENTENCES: Final = (
    (
        "The {p} keeps dropping the connection {w}.",
        "Firmware update stuck at {n} percent on the {p}.",
        "No light on the {p} after a reboot in the {s}.",
        "Speed on the {p} is down to {n} Mbit {w}.",
        "The {p} restarts by itself every {n} minutes.",
        "I get error E{n} when I open the {p}.",
        "Sync with the {p} fails {w} and the log shows a timeout.",
        "The {p} does not find the wifi in the {s} any more.",
        "Picture freezes and the {p} goes offline {w}.",
        "Port forwarding stopped working on the {p}.",
        "Latency over the {p} is terrible, ping of {n} ms.",
        "The {p} crashes after start {w}.",
        "How do I set a static address on the {p}?",
        "The {p} loses its settings after every power cut.",
    ),
    (
        "I was charged twice for the {p} {w}.",
        "Invoice {n} shows the wrong amount.",
        "Please refund {n} euros, I cancelled the {p} plan.",
        "The VAT number on the invoice for the {p} is wrong.",
        "My card was declined {w} but the bank says it is fine.",
        "Why did the monthly price of the {p} go up by {n}?",
        "We need a copy of the invoice for the {p}, dated {w}.",
        "The discount code was not applied to the {p} plan.",
        "Direct debit was taken {w} although I had paid already.",
        "Please move us to yearly payment for the {p}.",
        "I got a payment reminder of {n} euros for a settled bill.",
        "Can we pay for {n} licences by bank transfer?",
    ),
    (
        "I cannot log in {w}, the password reset mail never comes.",
        "Please change the owner of the account for our {s}.",
        "The account is locked after {n} attempts.",
        "How can I add {n} users to the {p}?",
        "The two-factor code for the {p} is always rejected.",
        "I need to change the mail address of my profile.",
        "Please merge my two accounts, one is for the {s}.",
        "The invite link for my colleague expired {w}.",
        "I lost the phone with the authenticator, cannot get into the {p}.",
        "A former employee still has the admin role on the {p}.",
        "Single sign-on sends me back to the login page {w}.",
    ),
    (
        "The parcel with the {p} has not arrived, it was due {w}.",
        "Tracking for order {n} has not moved {w}.",
        "The {p} came with a broken casing.",
        "You sent me the wrong {p}, I ordered something else.",
        "I want to return the {p}, where is the label?",
        "The power supply was missing in the box of the {p}.",
        "Please change the delivery address to our {s}.",
        "The courier left the parcel at the {s} and now it is gone.",
        "When will the {p} be back in stock?",
        "The replacement for the {p} was promised {w}.",
    ),
    (
        "Somebody else has watched my {p} {w}.",
        "I got a phishing mail in your name {w}.",
        "There is a login from abroad on my account {w}.",
        "Please delete all personal data you hold about me.",
        "Is the {p} affected by the vulnerability published {w}?",
        "My {p} sends traffic to {n} unknown addresses.",
        "We need the data processing agreement for the {p}.",
        "The admin password of the {p} was changed and not by us.",
        "Our scanner reports an open port {n} on the {p}.",
    ),
)

# What may be meant for either of two teams (indices into TEAMS).
SHARED_SENTENCES: Final = (
    (0, 1, "I pay for the {p} and cannot use it {w}."),
    (0, 1, "The {p} upgrade is paid but the new plan is not active."),
    (0, 1, "Storage of the {p} is full though we booked {n} GB."),
    (0, 2, "The {p} says access denied {w}."),
    (0, 2, "I cannot connect to the {p} with my account."),
    (0, 2, "The {p} asks for a login again and again."),
    (0, 3, "The new {p} does not switch on."),
    (0, 3, "The {p} seems to be defective, what now?"),
    (0, 3, "I would like a replacement, the {p} is dead {w}."),
    (0, 4, "The {p} does strange things at night."),
    (0, 4, "Settings of the {p} were changed {w}, not by me."),
    (1, 2, "I want to cancel my account for the {p}."),
    (1, 2, "Please transfer the contract to our {s}."),
    (1, 2, "Why is my subscription to the {p} suspended {w}?"),
    (1, 3, "I sent the {p} back and still wait for the money."),
    (1, 3, "Order {n} was cancelled but the amount is gone."),
    (2, 4, "I think my account was taken over {w}."),
    (2, 4, "There are users in the list that I do not know."),
    (2, 4, "I received a reset code that I did not ask for."),
)
VAGUE_SENTENCES: Final = (
    "I need help with my {p}.",
    "There is a problem with the {p} {w}.",
    "Please call me back about the {p}.",
    "It still does not work as you said {w}.",
    "I wrote {w} and nobody has answered.",
    "Can someone look at this for our {s}?",
    "See the attachment, it explains all.",
    "This is about ticket {n}, same as before.",
    "What shall I do with the {p} now?",
    "We have the same issue at the {s} {w}.",
)
OWN_SUBJECTS: Final = (
    ("{p} offline", "connection problem", "{p} error", "slow {p}", "update failed", "no signal"),
    ("invoice question", "double charge", "refund {p}", "payment {n}", "wrong amount"),
    ("login", "password reset", "account locked", "new user", "access to {p}"),
    ("delivery {p}", "order {n}", "return", "parcel missing", "wrong item"),
    ("suspicious activity", "privacy request", "hacked?", "security of the {p}"),
)
VAGUE_SUBJECTS: Final = (
    "{p}",
    "help",
    "question about {p}",
    "urgent",
    "problem {w}",
    "ticket {n}",
    "re: your answer",
    "support request",
    "{s}",
)
OPENERS: Final = ("Hi,", "Hello,", "Good morning,", "Dear team,", "hey", "", "", "")
CLOSERS: Final = (
    "Thanks!",
    "Please help.",
    "This is urgent!!",
    "Kind regards",
    "Any idea?",
    "Not happy at all.",
    "We have been customers for years.",
    "Thank you in advance.",
    "",
    "",
    "",
)
CLOSING_QUEUES: Final = (10.0, 20.0, 30.0, 40.0, 50.0)

Ints = npt.NDArray[np.int64]


def _draw(rng: np.random.Generator, table: tuple[tuple[float, ...], ...], rows_of: Ints) -> Ints:
    """One category index a row, from the row of probabilities that `rows_of` names."""
    limits = np.cumsum(np.array(table), axis=1)[rows_of]
    above = rng.random(len(rows_of))[:, None] > limits[:, :-1]
    return np.asarray(above.sum(axis=1), dtype=np.int64)


def _pick(rng: np.random.Generator, pools: list[list[str]], pool_of: Ints) -> list[str]:
    """One template a row out of the pool of that row."""
    where = rng.random(len(pool_of))
    return [
        pools[pool][int(share * len(pools[pool]))]
        for pool, share in zip(pool_of.tolist(), where.tolist(), strict=True)
    ]


def _sentences(rng: np.random.Generator, team: Ints, own: float, shared: float) -> list[str]:
    """Sentence templates: the team's own, shared by two teams, vague, or (rest) another team's."""
    count = len(TEAMS)
    pools = [list(pool) for pool in OWN_SENTENCES]
    pools += [[text for a, b, text in SHARED_SENTENCES if k in (a, b)] for k in range(count)]
    pools.append(list(VAGUE_SENTENCES))
    kind = rng.random(len(team))
    vague = own + shared + (1.0 - own - shared) * 0.7
    other = rng.choice(count, size=len(team), p=TEAM_SHARES).astype(np.int64)
    pool_of = np.select(
        [kind < own, kind < own + shared, kind < vague],
        [team, team + count, np.full(len(team), 2 * count)],
        default=other,
    )
    return _pick(rng, pools, pool_of)


def _subjects(rng: np.random.Generator, team: Ints) -> list[str]:
    """Subject templates: 45 % name the matter, the others are vague."""
    pools = [list(pool) for pool in OWN_SUBJECTS] + [list(VAGUE_SUBJECTS)]
    return _pick(rng, pools, np.where(rng.random(len(team)) < 0.45, team, len(TEAMS)))


def _fill(rng: np.random.Generator, templates: list[str], product: Ints) -> list[str]:
    """Templates with product word, time, place and number filled in."""
    size = len(templates)
    words = _pick(rng, [list(pool) for pool in PRODUCT_WORDS], product)
    whens = rng.choice(np.array(WHENS), size).tolist()
    places = rng.choice(np.array(PLACES), size).tolist()
    numbers = rng.integers(2, 990, size).tolist()
    return [
        text.format(p=word, w=when, s=place, n=number)
        for text, word, when, place, number in zip(
            templates, words, whens, places, numbers, strict=True
        )
    ]


def _mistype(rng: np.random.Generator, texts: list[str], share: float) -> list[str]:
    """Swap two neighbouring characters in a share of the texts, and drop one in as many others."""
    luck, where = rng.random(len(texts)).tolist(), rng.random(len(texts)).tolist()
    marks = [int(place * max(len(text) - 1, 0)) for text, place in zip(texts, where, strict=True)]
    return [
        (
            text[:at] + text[at + 1 : at + 2] + text[at : at + 1] + text[at + 2 :]
            if chance < share
            else text[:at] + text[at + 1 :]
            if chance < 2 * share
            else text
        )
        for text, at, chance in zip(texts, marks, luck, strict=True)
    ]


def _bodies(rng: np.random.Generator, team: Ints, product: Ints) -> list[str]:
    """Bodies of one to three sentences between an opener and a closer, with typing mistakes."""
    size = len(team)
    long, longer = rng.random(size) < 0.62, rng.random(size) < 0.25
    first = _fill(rng, _sentences(rng, team, own=0.54, shared=0.20), product)
    second = _fill(rng, _sentences(rng, team, own=0.30, shared=0.22), product)
    second = [text if keep else "" for text, keep in zip(second, long, strict=True)]
    third = _fill(rng, _pick(rng, [list(VAGUE_SENTENCES)], np.zeros(size, np.int64)), product)
    third = [text if keep else "" for text, keep in zip(third, longer, strict=True)]
    opener = rng.choice(np.array(OPENERS), size).tolist()
    closer = rng.choice(np.array(CLOSERS), size).tolist()
    parts = zip(opener, first, second, third, closer, strict=True)
    texts = [" ".join(part for part in row if part) for row in parts]
    return _mistype(rng, _mistype(rng, texts, 0.22), 0.15)


def _messy(rng: np.random.Generator, names: tuple[str, ...], codes: Ints) -> pd.Series:
    """Category names, some in other case or with stray blanks, 2 % missing."""
    clean = np.array(names, dtype=object)[codes]
    titled = np.array([name.title() for name in names], dtype=object)[codes]
    padded = np.array([f" {name} " for name in names], dtype=object)[codes]
    kind = rng.random(len(codes))
    words = np.select([kind < 0.06, kind < 0.10], [titled, padded], default=clean)
    return pd.Series(words).mask(pd.Series(kind > 0.98))


def _gaps(rng: np.random.Generator, values: npt.NDArray[np.float64], share: float) -> pd.Series:
    """Numbers of which a share is missing."""
    return pd.Series(np.where(rng.random(len(values)) < share, np.nan, values))


def _opened(rng: np.random.Generator, size: int, team: Ints) -> pd.Series:
    """Minutes of the second quarter of 2024, mostly in working hours."""
    day = rng.integers(0, 91, size)
    spread = np.array([4.6, 2.6, 3.4, 2.8, 5.0])[team]
    hour = np.clip(rng.normal(13.0, spread), 0.0, 23.9)
    minute = np.floor(hour * 60.0 + rng.random(size) * 5.0).astype(np.int64)
    when = pd.Timestamp("2024-04-01") + pd.to_timedelta(day * 1440 + minute, unit="min")
    return pd.Series(when.strftime("%Y-%m-%d %H:%M"), dtype=object)


def make(seed: int, rows: int) -> pd.DataFrame:
    """Support tickets drawn at random from a quarter, one ticket a customer, in no order.

    ticket_id: code of the ticket, unique but for the exact repetitions of whole rows (0.6 %).
    created_at: when the customer opened the ticket, "YYYY-MM-DD HH:MM".
    channel: email, web form, chat or phone; mixed case, stray blanks, 2 % missing.
    product: product the customer picked in the form; same mess.
    tier: free, standard, business or enterprise; same mess.
    subject, body: what the customer wrote; typing mistakes, some empty or blank.
    prior_tickets: tickets of this customer before this one; a few very large ones are true.
    account_age_days: days since the account was opened, 4 % missing.
    attachments: files that came with the ticket.
    sla_hours: hours to the first answer by contract, 2 % missing.
    monthly_spend: euros a month when the ticket was opened, 5 % missing; long right tail.
    closing_queue: number of the queue that closed the ticket; known only after closing.
    team: the team that resolved it: technical, billing, accounts, logistics or security.
    """
    rng = np.random.default_rng(seed)
    team = rng.choice(len(TEAMS), size=rows, p=TEAM_SHARES).astype(np.int64)
    channel = _draw(rng, CHANNEL_GIVEN_TEAM, team)
    product = _draw(rng, PRODUCT_GIVEN_TEAM, team)
    tier = _draw(rng, TIER_GIVEN_TEAM, team)
    prior = rng.poisson(rng.gamma(1.2, np.array([3.4, 2.2, 1.4, 1.2, 1.8])[team])).astype(float)
    prior = np.where(rng.random(rows) < 0.0015, prior * 40.0 + 150.0, prior)
    age = np.floor(rng.gamma(1.6, np.array([520.0, 560.0, 330.0, 260.0, 600.0])[team]))
    spend = np.exp(rng.normal(np.array(SPEND_LOG_MEAN)[tier], 0.7))
    spend = np.where(rng.random(rows) < 0.002, spend * 30.0, spend)
    hurried = np.where(rng.random(rows) < 0.1, 0.5, 1.0)
    closed_elsewhere = rng.permutation(team)
    closing = np.where(rng.random(rows) < 0.02, closed_elsewhere, team)
    codes = rng.choice(9_000_000, size=rows, replace=False) + 1_000_000
    blank = rng.random(rows)
    subject = pd.Series(_fill(rng, _subjects(rng, team), product), dtype=object)
    body = pd.Series(_bodies(rng, team, product), dtype=object)
    tickets = pd.DataFrame(
        {
            "ticket_id": pd.Series([f"T{code}" for code in codes.tolist()], dtype=object),
            "created_at": _opened(rng, rows, team),
            "channel": _messy(rng, CHANNELS, channel),
            "product": _messy(rng, PRODUCTS, product),
            "tier": _messy(rng, TIERS, tier),
            "subject": subject.mask(blank < 0.03, "").mask(blank > 0.99, "  "),
            "body": body.mask((blank > 0.5) & (blank < 0.508), ""),
            "prior_tickets": prior,
            "account_age_days": _gaps(rng, age, 0.04),
            "attachments": rng.poisson(np.array([0.9, 0.5, 0.3, 0.7, 0.8])[team]).astype(float),
            "sla_hours": _gaps(rng, np.array(SLA_HOURS, dtype=np.float64)[tier] * hurried, 0.02),
            "monthly_spend": _gaps(rng, np.asarray(np.round(spend, 2), dtype=np.float64), 0.05),
            "closing_queue": np.array(CLOSING_QUEUES)[closing],
            "team": np.array(TEAMS, dtype=object)[team],
        }
    )
    source = np.arange(rows)
    repeated = rng.random(rows) < 0.006
    source[repeated] = rng.integers(0, rows, int(repeated.sum()))
    return tickets.iloc[source].reset_index(drop=True)
