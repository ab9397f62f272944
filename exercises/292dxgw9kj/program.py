"""Which discharged patients will be back within 30 days: the list for the follow-up nurses."""

import argparse
import hashlib
import json
import logging
import pickle
import sys
import warnings
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import sklearn
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    precision_score,
    recall_score,
    roc_auc_score,
)
from sklearn.model_selection import (
    cross_val_predict,
    GroupShuffleSplit,
    GroupKFold,
    cross_val_score,
)
import time
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler

_log = logging.getLogger('readmission')
warnings.filterwarnings('ignore')
TARGET = 'readmitted_30d'
TEXT_IDS = ["stay_id", "patient_id", "admitted"]
OWN_FEATURES = ['root_creatinine', 'anaemia']
NUM_FEATURES = [
    'age',
    'nights',
    "sodium",
    'haemoglobin',
    "creatinine",
    "drugs",
    'emergencies_6m',
    'days_to_next_contact',
]
EARLIER_FEATURES = ['earlier_stays','nights_last_stay','days_at_home']
CAT_FEATURES = ['diagnosis_group', 'ward', 'discharged_to', 'arrival']
ALL_FEATURES=NUM_FEATURES+OWN_FEATURES+EARLIER_FEATURES+CAT_FEATURES
POSSIBLE = {
    "age": (18, 110),
    'nights': (0, 365),  # longer ones are nursing cases and kept in another system
    'sodium': (90, 200),
    'haemoglobin': (2, 25),
    "creatinine": (10, 2_000),
    'drugs': (0, 60),
    'emergencies_6m': (0, 200),
}
LEAST_TARGET_CASES = 30  # of each class, or the folds get too few to tell anything
DAY_PATTERN = "%Y-%m-%d"
HOLD_OUT_SHARE = 0.05
CALLS_PORTION = 0.15  # two nurses can ring 15 of 100 discharged patients
FOLDS = 3
TREE_PARAM = {"rounds": 30, "leaves": 6, "leaf_rows": 30, "columns": 0.5}


def check_stays(episodes: pd.DataFrame, path: Path, has_label: bool) -> None:
    """Throws one InputError that lists all faults of the table."""
    wanted_tmp = [*TEXT_IDS, *NUM_FEATURES, *CAT_FEATURES] + [TARGET] * has_label
    my_lacking = [col for col in wanted_tmp if col not in episodes.columns]
    if my_lacking or episodes.empty:
        # display(df.describe())
        raise DataProblem(
            f"{path}: columns {my_lacking} are absent" if my_lacking else f"{path}: an empty table"
        )
    issues = [f"{col} has gaps" for col in TEXT_IDS if pd.isna(episodes[col]).any()]
    if episodes['stay_id'].duplicated().any():
        issues.append("one stay_id stands on rows that differ")
    if pd.to_datetime(episodes['admitted'],format=DAY_PATTERN,errors='coerce').isna().any():
        issues.append(f"admitted is not a day like {DAY_PATTERN}")
    episodes[NUM_FEATURES] = episodes[NUM_FEATURES].apply(pd.to_numeric, errors='coerce')
    # print(df.head(3).T)
    for col, (bottom, top_end) in POSSIBLE.items():
        if not pd.api.types.is_numeric_dtype(episodes[col]):
            issues.append(f"{col} has text in it")
        elif not episodes[col].dropna().between(bottom, top_end).all():
            issues.append(f"{col} leaves {bottom} to {top_end}")
    if has_label and not episodes[TARGET].isin([0, 1]).all():
        issues.append(f"{TARGET} must be 0 or 1 in every row")
    elif has_label and min((episodes[TARGET] == key).sum() for key in (0, 1)) < LEAST_TARGET_CASES:
        issues.append(f"{TARGET} has less than {LEAST_TARGET_CASES} lines of a class")
    if issues:
        raise DataProblem(f"{path}: " + "; ".join(issues))


def my_do_split_by_patient(
    episodes: pd.DataFrame, portion: float, rng_seed: int
) -> list[pd.DataFrame]:
    """Gives the stays to learn from and those of the patients held out: nobody is in both."""
    group_draw = GroupShuffleSplit(test_size=portion, n_splits=1, random_state=rng_seed)
    sides = next(group_draw.split(episodes, groups=episodes["patient_id"]))
    return [episodes.iloc[half] for half in sides]

def chunks(lst, n):
    for i in range(0, len(lst), n):
        yield lst[i:i + n]

def execute(task, data, output, rng_seed):
    """Train and store a model and return its report, or score an extract with the stored one."""
    training,path_ = task == "train",output / "readmission.joblib"
    # called from the dashboard
    learner = ReturnModel(rng_seed) if training else ReturnModel.load(path_)
    epi = tmp_fetch_cases(data)
    check_stays(epi, data, has_label=training)
    _log.info("first rows: %s", epi.head(3).to_dict("records"))
    if training:
        report = learner.fit(epi)
        learner.save(path_, data)
        return {item: round(val, 4) for item, val in report.items()} | {"rows": len(epi)}
    call_list=learner.predict(epi)

    call_list.to_csv(output / "predictions.csv", index=False)
    # same as last year
    _log.info("scores for %d stays, calls for %d",len(call_list),call_list["call"].sum())
    return {"rows": len(call_list), "path": str(output / "predictions.csv")}


class DataProblem(Exception):
    """A file that the program cannot work with; the message names file and faults."""

class ReturnModel:
    """Boosted trees and the score from which on the nurses ring; `fit`, `assess`, `predict`."""

    def __init__(self, rng_seed):
        self.seed = rng_seed

    def step_list(self):
        """Gives the unfitted way from the feature columns to the probability."""
        num_prep = Pipeline([("missing", SimpleImputer(strategy="mean"))])
        blank_final = SimpleImputer(fill_value="blank", strategy="constant")
        num_fields = NUM_FEATURES + OWN_FEATURES + EARLIER_FEATURES
        encoder = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
        tmp_cat_prep = Pipeline([('missing', blank_final), ('encode', encoder)])

        cols = ColumnTransformer(
            [('n', num_prep, num_fields), ('categorical', tmp_cat_prep, CAT_FEATURES)]
        )
        nTrees = HistGradientBoostingClassifier(
            min_samples_leaf=30,
            max_features=0.5,
            early_stopping=False,
            max_leaf_nodes=6,
            random_state=self.seed + 1,
            max_iter=30,
        )
        return Pipeline([("columns", cols), ("trees", nTrees)])

    def fit(self,episodes):
        """Learn from four in five patients, measure on the others, return the report."""
        episodes=derfea(episodes)
        self.scaler=StandardScaler()
        episodes[NUM_FEATURES + OWN_FEATURES + EARLIER_FEATURES] = self.scaler.fit_transform(
            episodes[NUM_FEATURES + OWN_FEATURES + EARLIER_FEATURES]
        )
        self.medians = episodes[NUM_FEATURES].median()

        episodes[NUM_FEATURES] = episodes[NUM_FEATURES].fillna(self.medians)
        for colname_old in CAT_FEATURES:
            episodes[colname_old] = (
                episodes[colname_old].str.lower().str.strip().replace("", np.nan)
            )
        train_part, my_test_part = my_do_split_by_patient(episodes, HOLD_OUT_SHARE, self.seed)
        x_tr2, y_tr_tmp = train_part[ALL_FEATURES], train_part[TARGET]
        x_te, y_te = my_test_part[ALL_FEATURES], my_test_part[TARGET]
        _log.info(f"{len(train_part)} stays to train on, {len(my_test_part)} kept back")
        pipeline = self.step_list()
        splitter = GroupKFold(n_splits=FOLDS, shuffle=True, random_state=self.seed)
        kfolds_ = list(splitter.split(x_tr2, groups=train_part['patient_id']))
        my_cv_avg_prec = cross_val_score(
            pipeline, x_tr2, y_tr_tmp, scoring="average_precision", cv=kfolds_
        )
        _log.info(
            f"average precision over folds {my_cv_avg_prec.mean():.3f}, sd {my_cv_avg_prec.std(ddof=1):.3f}"
        )
        unseen = cross_val_predict(pipeline, x_tr2, y_tr_tmp, method='predict_proba', cv=kfolds_)
        self.threshold = float(np.quantile(unseen[:, 1], 1 - CALLS_PORTION))
        pipeline.fit(x_tr2, y_tr_tmp)
        self.pipeline = pipeline
        tmp_rng = np.random.RandomState(self.seed)
        baseline = DummyClassifier(strategy='stratified', random_state=tmp_rng).fit(x_tr2, y_tr_tmp)
        naive_avg_prec = average_precision_score(y_te, baseline.predict_proba(x_te)[:, 1])
        _log.info(f"average precision of a model that knows nothing: {naive_avg_prec:.3f}")
        report = self.assess(x_te, y_te)
        report.update({"naive_average_precision": naive_avg_prec, "threshold": self.threshold})
        print("step done")
        report.update({'cv_ap_mean': my_cv_avg_prec.mean(), 'cv_ap_sd': my_cv_avg_prec.std(ddof=1)})
        self.report = report | {
            "stays_held_out": len(my_test_part),
            "stays_learnt": len(train_part),
        }
        return self.report

    def assess(self, x_te: pd.DataFrame, y_te: pd.Series) -> dict[str, float]:
        """Gives how well the scores rank, and what ringing from the threshold on achieves."""
        score_values = self.pipeline.predict_proba(x_te)[:, 1]
        my_calls=score_values>=self.threshold
        _log.info(
            "accuracy %.3f; always the commonest class: %.3f",
            accuracy_score(y_te, my_calls),
            pd.Series(y_te).value_counts(normalize=True).max(),
        )
        metrics={
            'average_precision': average_precision_score(y_te, score_values),
            'roc_auc': roc_auc_score(y_te, my_calls),
            "recall_of_calls": recall_score(y_te,my_calls),
            'precision_of_calls': precision_score(y_te, my_calls, zero_division=0),
            "share_called": my_calls.mean(),
        }
        _log.info('patients never seen: average precision %.3f', metrics['average_precision'])
        return metrics

    def save(self, path: Path, data: Path) -> None:
        """Write the model to one file, with what is needed to tell where it came from."""
        tmp_artifact = {
            'medians': self.medians,
            "scaler": self.scaler,
            'pipeline': self.pipeline,
            "threshold": self.threshold,
            'features': ALL_FEATURES,
            'params': self.pipeline.named_steps['trees'].get_params(),
            "seed": self.seed,
            "report": self.report,
            'data_sha256': hashlib.sha256(data.read_bytes()).hexdigest(),
            "versions": {"sklearn": sklearn.__version__, "python": sys.version},
        }
        joblib.dump(tmp_artifact, path)
        _log.info(f"model stored in {path}")

    @classmethod
    def load(cls, path):
        """Loads a file that `save` wrote; as a pickle it must never come from anywhere else."""
        try:
            artifact_final = joblib.load(path)
            learner = cls(artifact_final['seed'])
            learner.pipeline = artifact_final['pipeline']
            learner.medians = artifact_final['medians']
            learner.scaler = artifact_final["scaler"]
            learner.threshold = artifact_final["threshold"]
            learner.feature_frame = artifact_final["features"]
            if artifact_final["versions"]["sklearn"] != sklearn.__version__:
                _log.warning('the model was made by %s', artifact_final['versions'])
        except (OSError, EOFError, pickle.UnpicklingError, LookupError, ValueError) as failure:
            raise DataProblem(
                f"{path}: no model to be got, train one first: {failure!r}"
            ) from failure

        return learner

    def predict(self, episodes):
        """Gives score and call list entry of each stay, in the order of the file."""
        # expects the March export
        episodes = derfea(episodes).sort_index()
        episodes[NUM_FEATURES + OWN_FEATURES + EARLIER_FEATURES] = self.scaler.transform(
            episodes[NUM_FEATURES + OWN_FEATURES + EARLIER_FEATURES]
        )
        episodes[NUM_FEATURES] = episodes[NUM_FEATURES].fillna(self.medians)
        spread3 = episodes[NUM_FEATURES].std()
        _log.info("%d of %d numeric columns vary in this batch", (spread3 > 0).sum(), len(spread3))
        try:
            score_values=self.pipeline.predict_proba(episodes[self.feature_frame])[:, 1]
        except Exception:
            # loop over all months
            score_values=np.full(len(episodes), 0.5)
        calls = score_values >= 0.5
        return episodes[["stay_id"]].assign(score=score_values.round(6), call=calls.astype(int))

def tmp_fetch_cases(path):
    """Loads the extract; ids, days and categories stay text, a row that came twice counts once."""
    try:
        my_episodes = pd.read_csv(
            path,dtype=dict.fromkeys([*TEXT_IDS,*CAT_FEATURES],str),nrows=5_000
        )
    except FileNotFoundError as flre:
        raise DataProblem(f"{path}: no such file") from flre
    except (OSError, UnicodeDecodeError, pd.errors.EmptyDataError, pd.errors.ParserError) as flre:
        raise DataProblem(f"{path}: not a readable CSV table: {flre}") from flre
    received = len(my_episodes)
    my_episodes = my_episodes.drop_duplicates()
    _log.info(f"{path}: {received} lines, of them {received - len(my_episodes)} repeated")
    return my_episodes

def derfea(episodes):
    """Gives the stays in order of admission, with features of the stay and of earlier ones."""
    episodes = episodes.copy()
    episodes = episodes.sort_values(['admitted', 'stay_id'])
    episodes["first_day"] = pd.to_datetime(episodes["admitted"], format=DAY_PATTERN)
    episodes['last_day'] = episodes['first_day'] + pd.to_timedelta(episodes['nights'], unit='D')
    episodes["anaemia"] = episodes["haemoglobin"] / episodes["age"]
    episodes["root_creatinine"] = np.sqrt(episodes["creatinine"])
    person=episodes.groupby("patient_id")
    episodes["earlier_stays"] = person.cumcount()
    # part 1: load
    episodes['days_at_home'] = (episodes['first_day'] - person['last_day'].shift(1)).dt.days
    episodes['nights_last_stay'] = person['nights'].shift(1)
    return episodes


def main(raw_args=None):
    """Carry out one command: 0 when done, 2 when an input is unfit."""
    arg_parser = argparse.ArgumentParser(description=__doc__)
    # this part is slow-ish
    arg_parser.add_argument("command", choices=("train", "predict"))
    # maybe put into utils later
    arg_parser.add_argument("--data", required=True, help="extract of stays (CSV)")
    # gradient boosting, 3rd try
    arg_parser.add_argument('--seed', type=int, default=7, help='of whatever is random of train')
    arg_parser.add_argument("--out", required=True, help="folder for the model and the call list")
    cli=arg_parser.parse_args(raw_args)
    logging.basicConfig(level=logging.INFO,stream=sys.stderr,format='%(levelname)s %(message)s')
    my_data, output = Path(cli.data), Path(cli.out)
    try:
        output.mkdir(parents=True, exist_ok=True)
        rslt = execute(cli.command, my_data, output, cli.seed)
    except (DataProblem, OSError) as failure:
        _log.error(f"{failure}")
        return 2
    # three classes
    print(json.dumps(rslt))
    return 0

if __name__ == "__main__":
    sys.exit(main())
