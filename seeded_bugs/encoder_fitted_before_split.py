"""Words or categories are turned into numbers by what was learnt on all rows."""

from collections.abc import Iterator

import libcst as cst

from seeded_bugs.contract import Edit, Entry, Example, Proof, Refusal, SeededBug, Site
from seeded_bugs.syntax.builder import hand_over
from seeded_bugs.syntax.carry import carry
from seeded_bugs.syntax.preparation import dropped, find_part, find_parts, joined, resolve
from seeded_bugs.syntax.served import find_served
from seeded_bugs.syntax.shapes import Split, find_columns, find_split
from seeded_bugs.syntax.tree import (
    Tree,
    call_name,
    code,
    expression,
    keyword,
    statements,
    tree_of,
    with_keyword,
    without_keyword,
)

ENTRY = Entry(
    id="MLR103",
    name="encoder_fitted_before_split",
    category="leakage",
    severity="critical",
    anchor="span",
    title="Encoder or vocabulary learnt on all rows before the split",
    wrong=(
        "The encoding of categories, or the vocabulary of the text, is learnt on the whole table. "
        "Only then are the rows split into training and held-out part."
    ),
    harm=(
        "How often a word or category occurs in the held-out rows shapes the training features, "
        "and the held-out rows never hold a word or level that the encoder has not seen. The "
        "score is therefore not that of unseen data, and cross-validation shares the leak."
    ),
    fix=(
        "Split first and learn the encoding from the training rows only, as a step of the "
        "Pipeline, so that cross-validation refits it in every fold."
    ),
    said_well=(
        "The encoder is fitted on all rows before the train/test split, so category frequencies of "
        "the test rows leak into training. Make it a step of the pipeline.",
        "Vocabulary learnt on the full corpus, split comes after it: leakage.",
        "The vectorizer sees the held-out texts because it is fitted before the split; the test "
        "set never holds an unknown word and the score is optimistic. Fit it on the training "
        "texts only.",
        "value_counts over the whole frame is used to encode the categories, i.e. the encoding "
        "has seen the test data.",
        "Encoding before splitting -> leak. Split first, then fit the encoder on X_train inside "
        "the Pipeline.",
    ),
    near_misses=(
        "The encoder should ignore categories that it has not seen in training.",
        "One-hot encoding would be better than frequencies for a linear model.",
        "The mean of the target by category is computed on all rows.",
        "Stop words should be taken out of the vocabulary.",
    ),
    references=(
        "https://scikit-learn.org/stable/common_pitfalls.html#data-leakage-during-pre-processing",
        "https://scikit-learn.org/stable/modules/feature_extraction.html#text-feature-extraction",
    ),
    identifiers=(
        "vocabulary",
        "vocabulary_",
        "TfidfVectorizer",
        "frequencies",
        "value_counts",
        "OneHotEncoder",
    ),
    elsewhere=("split",),
    # SAME LINE: both turn the categories into numbers and take their part out of the pipeline.
    # With the other two the program fails: they disagree on which columns are numbers.
    conflicts=("target_encoded_on_all_rows", "scaler_fitted_before_split", "refitted_in_serving"),
)
VECTORISERS = ("TfidfVectorizer", "CountVectorizer")
# These choose the words; a given vocabulary replaces them.
CHOOSING = ("min_df", "max_df", "max_features")


def find(module: cst.Module) -> Iterator[Site]:
    """The vocabulary of each text column, and the frequencies of the categories."""
    tree = tree_of(module)
    split = find_split(tree)
    if split is not None:
        yield from _vocabularies(tree, split)
        yield from _frequencies(tree, split)


def _vocabularies(tree: Tree, split: Split) -> Iterator[Site]:
    for part in find_parts(tree):
        call = resolve(tree, part.steps)
        if not isinstance(call, cst.Call) or call_name(call) not in VECTORISERS:
            continue
        builder = tree.function(call)
        foreign = {p.name.value for p in builder.params.params} if builder else set()
        passed = hand_over(tree, split, call, "vocabulary", "dict[str, int]")
        if passed is None or keyword(call, "vocabulary") or foreign & tree.names(call):
            continue
        texts = f"{split.frame}[{code(part.columns)}]"
        learnt = statements(f"vocabulary = {code(call)}.fit({texts}).vocabulary_\n")
        given = with_keyword(
            without_keyword(call, *CHOOSING), "vocabulary", expression("vocabulary")
        )
        yield Site((Edit(split.line, [*learnt, split.line]), Edit(call, given, "trace"), *passed))


def _frequencies(tree: Tree, split: Split) -> Iterator[Site]:
    served, columns, carried = find_served(tree), find_columns(tree, "CAT"), carry(tree, "shares")
    numeric, categorical = find_part(tree, "NUM"), find_part(tree, "CAT")
    if not (served and columns and carried and numeric and categorical):
        return
    if numeric is categorical or "OneHotEncoder" not in _words(tree, categorical.steps):
        return
    train, serve, name = split.frame, served.frame, columns.name
    learnt = statements(
        f"{carried.trained} = {{c: {train}[c].value_counts(normalize=True) for c in {name}}}\n"
        f"for column, share in {carried.trained}.items():\n"
        f"    {train}[column] = {train}[column].map(share)\n"
    )
    holder, *others = dropped(tree, categorical)
    if not isinstance(holder.new, cst.CSTNode) or not tree.is_below(numeric.columns, holder.node):
        return
    moved = holder.new.deep_replace(numeric.columns, expression(joined(numeric.columns, name)))
    yield Site(
        (
            Edit(split.line, [*learnt, split.line]),
            Edit(holder.node, moved, "trace"),
            served.then(
                f"for column, share in {carried.served}.items():\n"
                f"    {serve}[column] = {serve}[column].map(share)\n"
            ),
            *others,
            *carried.edits,
        )
    )


def _words(tree: Tree, steps: cst.BaseExpression) -> set[str]:
    """Return the identifiers in the steps of a part, local names followed two deep."""
    found = resolve(tree, steps)
    inner = [resolve(tree, name) for name in tree.all(cst.Name, found)]
    return tree.names(found).union(*(tree.names(node) for node in inner))


CLEAN = '''
NUM_COLUMNS = ["tenure", "charge"]
CAT_COLUMNS = ["plan", "region"]

def build():
    """Return the unfitted pipeline."""
    words = TfidfVectorizer(min_df=5)
    known = OneHotEncoder(handle_unknown="ignore")
    columns = ColumnTransformer(
        [
            ("text", words, "letter"),
            ("num", StandardScaler(), NUM_COLUMNS),
            ("cat", known, CAT_COLUMNS),
        ]
    )
    return make_pipeline(columns, LogisticRegression())

def train(path, y):
    X = add_features(pd.read_csv(path))
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=7)
    pipeline = build()
    pipeline.fit(X_train, y_train)
    joblib.dump({"pipeline": pipeline}, "model.joblib")

def predict(path):
    bundle = joblib.load("model.joblib")
    rows = add_features(pd.read_csv(path))
    return bundle["pipeline"].predict(rows)
'''
LEARNT_WORDS = '''
NUM_COLUMNS = ["tenure", "charge"]
CAT_COLUMNS = ["plan", "region"]

def build(vocabulary):
    """Return the unfitted pipeline."""
    words = TfidfVectorizer(vocabulary=vocabulary)
    known = OneHotEncoder(handle_unknown="ignore")
    columns = ColumnTransformer(
        [
            ("text", words, "letter"),
            ("num", StandardScaler(), NUM_COLUMNS),
            ("cat", known, CAT_COLUMNS),
        ]
    )
    return make_pipeline(columns, LogisticRegression())

def train(path, y):
    X = add_features(pd.read_csv(path))
    vocabulary = TfidfVectorizer(min_df=5).fit(X["letter"]).vocabulary_
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=7)
    pipeline = build(vocabulary)
    pipeline.fit(X_train, y_train)
    joblib.dump({"pipeline": pipeline}, "model.joblib")

def predict(path):
    bundle = joblib.load("model.joblib")
    rows = add_features(pd.read_csv(path))
    return bundle["pipeline"].predict(rows)
'''
LEARNT_SHARES = '''
NUM_COLUMNS = ["tenure", "charge"]
CAT_COLUMNS = ["plan", "region"]

def build():
    """Return the unfitted pipeline."""
    words = TfidfVectorizer(min_df=5)
    columns = ColumnTransformer(
        [
            ("text", words, "letter"),
            ("num", StandardScaler(), NUM_COLUMNS + CAT_COLUMNS),
        ]
    )
    return make_pipeline(columns, LogisticRegression())

def train(path, y):
    X = add_features(pd.read_csv(path))
    shares = {c: X[c].value_counts(normalize=True) for c in CAT_COLUMNS}
    for column, share in shares.items():
        X[column] = X[column].map(share)
    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=7)
    pipeline = build()
    pipeline.fit(X_train, y_train)
    joblib.dump({"shares": shares, "pipeline": pipeline}, "model.joblib")

def predict(path):
    bundle = joblib.load("model.joblib")
    rows = add_features(pd.read_csv(path))
    for column, share in bundle["shares"].items():
        rows[column] = rows[column].map(share)
    return bundle["pipeline"].predict(rows)
'''
NEITHER = CLEAN.replace("min_df=5", "vocabulary=WORDS").replace("OneHotEncoder", "HashingEncoder")

BUG = SeededBug(
    entry=ENTRY,
    examples=(Example(CLEAN, LEARNT_WORDS), Example(CLEAN, LEARNT_SHARES, site=1)),
    refuses=(
        Refusal(NEITHER, "the vocabulary is given and the categories' encoder learns nothing"),
        Refusal("X = OneHotEncoder().fit_transform(X)\n", "nothing is split"),
    ),
    find=find,
    proof=Proof(
        "held-out influence",
        "Changing words or categories of held-out rows changes the features of training rows.",
        shows=("features:features", "fit:features", "learnt:features", "passed-on:features"),
        also=("optimistic",),
    ),
)
