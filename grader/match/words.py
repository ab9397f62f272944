"""Words of a remark: identifiers split, contractions opened, endings cut off."""

import re
from functools import lru_cache

# Names of code whose parts would mislead: `train_test_split` is no talk of test rows.
_NAMES = (
    "train_test_split", "random_state", "fit_transform", "predict_proba", "predict_log_proba",
    "test_size", "train_size", "x_train", "x_test", "y_train", "y_test", "x_tr", "x_te",
    "y_tr", "y_te", "x_val", "y_val", "x_valid", "y_valid", "df_train", "df_test", "train_df",
    "test_df", "cross_val_score", "cross_val_predict", "cross_validate", "roc_auc_score",
    "average_precision_score", "accuracy_score", "f1_score", "precision_score", "recall_score",
    "mean_squared_error", "mean_absolute_error", "log_loss", "read_csv", "class_weight",
    "n_estimators", "learning_rate", "max_depth", "max_iter", "to_numeric", "best_score_",
    "best_params_", "best_estimator_", "decision_function", "y_true", "y_pred", "y_score",
    "y_prob", "y_proba", "y_hat", "set_index", "reset_index", "drop_duplicates", "sort_values",
    "from_numpy", "error_score", "n_jobs", "n_splits", "sample_weight", "pos_label", "if_exists",
)  # fmt: skip
_NAME_SET = frozenset(_NAMES)
# Written so that every match begins with a capital, which is searched for fast.
_CAMEL = re.compile(r"[A-Z](?:(?<=[a-z0-9][A-Z])|(?<=[A-Z][A-Z])(?=[a-z]))")
_NEGATED = re.compile(r"\b(ca|wo|sha|[a-z]{2,6})n't\b")
_OPENED = {"ca": "can not", "wo": "will not", "sha": "shall not"}
_TYPED = re.compile(r"\b(do|does|is|are|was|were|did|ca|wo|should|would|could|has|have|had|ai)nt\b")
# Signs that carry meaning and would be lost with the punctuation, each with a piece that it holds.
_SIGNS = (
    ("[", re.compile(r"\[\s*:\s*,\s*0\s*\]"), " colzero "),
    ("[", re.compile(r"\[\s*:\s*,\s*1\s*\]"), " colone "),
    ("nan", re.compile(r"==\s*(?:np\.|numpy\.|float\(.)?nan\b|\bnan\s*=="), " eqnan "),
    ("fillna(", re.compile(r"\bfillna\(\s*0(?:\.0)?\s*\)"), " fillzero "),
    ("shift", re.compile(r"\bshift\(\s*-|\bshift\s+-"), " shiftminus "),
    ("center", re.compile(r"\bcenter\s*=\s*true"), " centertrue "),
    ("inplace", re.compile(r"\binplace\s*=\s*true"), " inplacetrue "),
    ("/", re.compile(r"/home/|/users/|/mnt/|/data/"), " abspath "),
    ("\\", re.compile(r"\b[a-z]:\\"), " abspath "),
    (".predict(", re.compile(r"\.predict\("), " dotpredict "),
    ("time", re.compile(r"\btime\.time\b|\btime_ns\b"), " clocktime "),
)
_TOKEN = re.compile(r"[a-z_]+[a-z0-9_]*|[0-9]+(?:\.[0-9]+)?%?|->|=>|==")
_IRREGULAR = {
    "fitted": "fit", "splitted": "split", "chosen": "choos", "chose": "choos", "seen": "see",
    "saw": "see", "known": "know", "knew": "know", "learnt": "learn", "written": "writ",
    "wrote": "writ", "hidden": "hid", "hides": "hid", "lost": "los", "losing": "los",
    "ran": "run", "drew": "draw", "drawn": "draw", "thrown": "throw", "threw": "throw",
    "taken": "tak", "took": "tak", "gone": "go", "goes": "go", "went": "go", "made": "mak",
    "said": "say", "told": "tell", "given": "giv", "gave": "giv", "rows": "row", "was": "was",
    "is": "is", "does": "do", "has": "has", "this": "this", "its": "its", "bias": "bias",
    "always": "always", "less": "less", "across": "across", "class": "class",
    "classes": "class", "process": "process", "access": "access", "loss": "loss",
    "pass": "pass", "miss": "miss", "missing": "missing", "during": "during",
    "nothing": "nothing", "anything": "anything", "everything": "everything",
    "something": "something", "string": "string", "strings": "string", "used": "us",
    "using": "us", "uses": "us", "use": "us", "need": "need", "speed": "speed", "seed": "seed",
    "indeed": "indeed", "exceed": "exceed", "feed": "feed", "indices": "index",
    "kept": "keep", "held": "hold", "meant": "mean", "found": "find", "got": "get",
    "gotten": "get", "bigger": "big", "indexes": "index", "broke": "break", "broken": "break",
}  # fmt: skip
_TEXTS = 8_192  # texts and sentences kept, more than a batch of submissions has
_VOWEL = re.compile(r"[aeiouy]")


@lru_cache(maxsize=_TEXTS)
def open_up(text: str) -> str:
    """Return folded text in lower case with camelCase split, contractions opened, signs named."""
    opened = _CAMEL.sub(r" \g<0>", text).lower()
    if "n't" in opened:
        opened = _NEGATED.sub(lambda m: _OPENED.get(m.group(1), m.group(1) + " not"), opened)
    if "nt" in opened:
        opened = _TYPED.sub(lambda m: _OPENED.get(m.group(1), m.group(1) + " not"), opened)
    for piece, sign, name in _SIGNS:
        if piece in opened:
            opened = sign.sub(name, opened)
    return opened.replace("cannot", "can not")


@lru_cache(maxsize=_TEXTS)
def tokens(opened: str) -> tuple[str, ...]:
    """Return the words of an opened text; unknown snake_case names fall into their parts."""
    whole: list[str] = _TOKEN.findall(opened)
    if "_" not in opened:
        return tuple(whole)
    found: list[str] = []
    for token in whole:
        if "_" not in token or token in _NAME_SET:
            found.append(token)
        else:
            found.extend(part for part in token.split("_") if part)
    return tuple(found)


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """Return a word without its ending, so that `fitted`, `fitting` and `fits` are one word."""
    known = _IRREGULAR.get(word)
    if known is not None:
        return known
    if len(word) <= 3 or "_" in word or not word.isalpha():
        return word
    return _cut_endings(word).replace("iz", "is")


def _cut_endings(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith("sses"):
        word = word[:-2]
    elif word.endswith("s") and word[-2] not in "sui":
        word = word[:-1]
    for ending in ("ing", "ed"):
        base = word[: -len(ending)]
        if word.endswith(ending) and len(base) >= 3 and _VOWEL.search(base):
            doubled = base[-1] == base[-2] and base[-1] not in "lsz"
            word = base[:-1] if doubled else base
            break
    if word.endswith("ly") and len(word) > 5:
        word = word[:-2]
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


@lru_cache(maxsize=_TEXTS)
def stems(text: str) -> tuple[str, ...]:
    """Return the stems of a folded text, in order."""
    return tuple(map(stem, tokens(open_up(text))))
