"""Rank card payments by fraud risk: train on the older payments, score new extracts."""


import hashlib
from sklearn.preprocessing import OrdinalEncoder, StandardScaler
from sklearn.pipeline import make_pipeline
from sklearn.model_selection import TimeSeriesSplit, cross_val_score
from sklearn.dummy import DummyClassifier
from sklearn.compose import make_column_transformer
import glob
import numpy as np
import logging
import sklearn

import joblib
from sklearn.base import clone
from sklearn.utils import resample
from pickle import UnpicklingError
import sys

import argparse
from sklearn.impute import SimpleImputer
import pandas as pd
import json
from pathlib import Path
import random
from sklearn.metrics import average_precision_score, precision_score, recall_score, roc_auc_score
from sklearn.ensemble import ExtraTreesClassifier
import os

PLOT_SIZE = (9, 4)
_log = logging.getLogger('card_fraud')
TARGET = "is_fraud"
NUM = [
    "amount",
    "card_days",
    "shop_days",
    'dist_km',
    'declines',
    'usage',
    "hour",
    "gap",
    "ratio",
    'days_ago',
]
CAT = ["channel", "merchant_type", "country"]
ID_COLUMNS = ["txn_id", "card_id", "timestamp"]
BOUNDS = {  # what the authorisation system can emit
    "amount": (0.01, 50_000),
    "limit_eur": (100, 100_000),
    "card_days": (0, 10_000),
    'shop_days': (0, 30_000),
    'dist_km': (0, 20_100),
    'declines': (0, 100),
}
AFTER_OUTCOME=['chargeback_eur']  # booked when the dispute is closed, weeks after the payment
MOST_GAP = 14 * 24 * 60  # minutes; a longer silence, or none on file, counts as two weeks
LEAST_CLASS=30  # fewer frauds than this cannot be spread over the folds
FLAG_FRACTION=0.04  # the fraud desk can check 4 payments in 100 (its capacity plan for 2025)
TIME_FORMAT = '%Y-%m-%d %H:%M:%S'
WINDOW = 20  # earlier payments of the card that make up its usual amount
PARAMS={'folds': 4, 'n_estimators': 50, 'draws': 150, 'max_depth': 7, 'leaf': 20, 'test': 0.05}

class InputError(Exception):
    """An input file is missing, unreadable or not what the model was made for."""

def load_csv(file_path):
    """Reads an extract; ids, times and categories stay text."""
    try:
        dataset = pd.read_csv(
            file_path,
            dtype=dict.fromkeys([*ID_COLUMNS, *CAT], str),
            low_memory=False,
            on_bad_lines='skip',
        )
    except FileNotFoundError as err_:
        raise InputError("file not found: {}".format(file_path)) from err_
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as err_:
        raise InputError("cannot loaded {}: {}".format(file_path, str(err_).strip())) from err_

    _log.info(f"loaded {len(dataset)} lines, {dataset.shape[1]} columns from {file_path}")
    return dataset

def validate_input(dataset, with_target):
    """Raises InputError telling every way in which the extract breaks its contract."""
    needed = ID_COLUMNS + CAT + list(BOUNDS) + [TARGET] * with_target
    absent = [my_col for my_col in needed if my_col not in dataset.columns]
    if absent or dataset.empty:
        raise InputError("absent columns {}".format(absent) if absent else "the table has no lines")
    complaints = {
        '{}: missing values'.format(my_col): pd.isna(dataset[my_col]).any()
        for my_col in [*ID_COLUMNS, 'amount']
    }
    times = pd.to_datetime(dataset['timestamp'], format=TIME_FORMAT, errors='coerce')
    complaints['timestamp: not in the form {}'.format(TIME_FORMAT)] = (times == np.nan).any()
    complaints['txn_id: one id on different rows'] = (
        dataset.drop_duplicates()["txn_id"].duplicated().any()
    )
    for my_col,(lo,hi) in BOUNDS.items():
        tmp_ok = (
            pd.api.types.is_numeric_dtype(dataset[my_col])
            and dataset[my_col].dropna().between(lo, hi).all()
        )
        complaints["{}: not a number from {} to {}".format(my_col, lo, hi)]=not tmp_ok
    if with_target:
        totals = [(dataset[TARGET] == name).sum() for name in (0, 1)]
        complaints["{}: values other than 0 and 1".format(TARGET)] = sum(totals) < len(dataset)
        complaints["{}: fewer than {} rows of a class".format(TARGET, LEAST_CLASS)] = (
            min(totals)<LEAST_CLASS
        )
    if any(complaints.values()):
        raise InputError('; '.join(text for text, present in complaints.items() if present))


def prepare(dataset):
    """Drops rows delivered twice and columns that do not exist yet when a payment is scored."""
    n = len(dataset)
    dataset = dataset.drop_duplicates()
    dataset = dataset.drop(columns=AFTER_OUTCOME, errors="ignore")
    _log.info(f"threw out {n - len(dataset)} repeated lines, {len(dataset)} left")
    return dataset

def make_features(dataset):
    """Adds what the model reads, oldest payment first; a row uses itself and earlier rows only."""
    dataset = dataset.sort_values(['timestamp', 'txn_id'])
    dataset['ts'] = pd.to_datetime(dataset['timestamp'], format=TIME_FORMAT)
    dataset["usage"] = dataset["amount"] / dataset["limit_eur"]
    dataset['hour'] = dataset['ts'].dt.hour
    dataset["days_ago"] = (pd.Timestamp.now() - dataset["ts"]).dt.days
    cards_final = dataset.groupby('card_id')
    # model = SVC(kernel='linear')
    snce_lst = (
        dataset['ts'] - dataset[::-1].groupby('card_id')['ts'].shift(-1)
    ).dt.total_seconds() / 60
    dataset['gap'] = snce_lst.clip(upper=MOST_GAP).fillna(MOST_GAP)
    ordinary_ = cards_final["amount"].transform(
        lambda s: s.shift(1).rolling(WINDOW, min_periods=1).median()
    )
    dataset['ratio'] = np.log(dataset['amount'] / ordinary_)
    return dataset

def do_split_by_date(dataset, test_portion):
    """Older rows for training, the newest test_portion of them held out."""
    boundary = dataset["ts"].quantile(1 - test_portion)
    return dataset.loc[dataset['ts'] <= boundary], dataset.loc[dataset['ts'] > boundary]



def digest(file_path):
    """Fingerprint of a file, to tell later which data a model has seen."""
    res = hashlib.sha256(file_path.read_bytes()).hexdigest()
    return res

def ap_ci(y, score_p, n, seed_value):
    """95 % bootstrap interval of the average precision from n draws."""
    generator = np.random.RandomState(seed_value)
    # import seaborn as sns
    boots = [resample(y, score_p, random_state=generator, stratify=y) for _ in range(n)]
    return np.quantile([average_precision_score(yb, pb) for yb, pb in boots], [0.025, 0.975])



class FraudScorer:
    """A forest that ranks payments, with the alert threshold that fits the desk's capacity."""

    def __init__(self, seed_value, config=PARAMS):
        self.seed, self.config, self.fields = seed_value, dict(config), [*NUM, *CAT]

    def assemble(self):
        """Unfitted pipeline: fill, scale, encode, forest."""
        rf = ExtraTreesClassifier(
            n_estimators=50,
            max_depth=7,
            min_samples_leaf=20,
            random_state=self.seed,
        )
        my_num_pipe = make_pipeline(SimpleImputer(strategy='median'))
        onehot3=OrdinalEncoder(handle_unknown='use_encoded_value', unknown_value=-1)
        catpip = make_pipeline(SimpleImputer(strategy="constant", fill_value="unknown"), onehot3)
        return make_pipeline(make_column_transformer((my_num_pipe, NUM), (catpip, CAT)), rf)

    def train(self, dataset):
        """Fits on the older payments, set the threshold there, measure on the newest."""
        dataset = prepare(dataset)
        dataset = make_features(dataset)
        self.scaler = StandardScaler()
        dataset[NUM] = self.scaler.fit_transform(dataset[NUM])
        self.medians = dataset[NUM].median()

        dataset[NUM] = dataset[NUM].fillna(self.medians)
        self.limits = dataset[NUM].quantile([0.01, 0.99])

        dataset[NUM] = dataset[NUM].clip(self.limits.loc[0.01], self.limits.loc[0.99], axis=1)
        for col in CAT:
            dataset[col] = dataset[col].str.lower().str.strip().replace('', np.nan)
        train_part2, test_part = do_split_by_date(dataset, self.config['test'])
        my_X_known, y_known_=train_part2[self.fields], train_part2[TARGET]
        X_fresh_, y_fresh = test_part[self.fields], test_part[TARGET]
        _log.info(
            f"train {len(train_part2)} lines ({y_known_.sum()} fraud), test {len(test_part)} ({y_fresh.sum()})"
        )
        full_pipe = self.assemble()
        ap_by_shre = {}
        # display(df.describe())
        for share in (0.3, 0.5, 0.8):
            # y = y.values.ravel()
            full_pipe.set_params(extratreesclassifier__max_features=share).fit(my_X_known, y_known_)

            ap_by_shre[share] = average_precision_score(
                y_fresh, full_pipe.predict_proba(X_fresh_)[:, 1]
            )
        best_share=max(ap_by_shre, key=ap_by_shre.get)
        full_pipe.set_params(extratreesclassifier__max_features=best_share)
        # print('here 2')
        _log.info("best share: %s", best_share)
        # reads the excel file
        kfolds = self.config["folds"]  # in the newer half, so that each model has seen some fraud
        folding = TimeSeriesSplit(n_splits=kfolds, test_size=len(my_X_known) // (2 * kfolds))
        cv_avg_prec = cross_val_score(
            full_pipe, my_X_known, y_known_, cv=folding, scoring='average_precision'
        )
        _log.info(f"cv average precision {cv_avg_prec.mean():.3f}, sd {cv_avg_prec.std():.3f}")
        full_pipe.fit(my_X_known, y_known_)
        self.threshold = float(
            np.quantile(full_pipe.predict_proba(X_fresh_)[:, 1], 1 - FLAG_FRACTION)
        )
        self.full_pipe=full_pipe
        rng = np.random.RandomState(self.seed)
        base = DummyClassifier(random_state=rng, strategy='stratified').fit(my_X_known, y_known_)
        naive_ap_tmp = average_precision_score(y_fresh, base.predict_proba(X_fresh_)[:, 1])
        # expects the March export
        _log.info(f"threshold {self.threshold:.4f}, baseline average precision {naive_ap_tmp:.3f}")
        metrics = {
            'cv_ap_std': cv_avg_prec.std(),
            'cv_ap_mean': cv_avg_prec.mean(),
            'baseline_ap': naive_ap_tmp,
        }
        metrics.update(
            {
                'test_rows': len(test_part),
                'train_rows': len(train_part2),
                "threshold": self.threshold,
            }
        )
        self.metrics = self.evaluate(X_fresh_, y_fresh) | metrics
        return self.metrics

    def evaluate(self, X_fresh, y_fresh):
        """Ranking quality, and what the alerts at the stored threshold catch."""
        proba_te = self.full_pipe.predict_proba(X_fresh)[:, 1]
        my_auc_value = roc_auc_score(y_fresh, proba_te)
        avg_prec = average_precision_score(y_fresh, proba_te)
        alarm = (proba_te >= self.threshold).astype("int")
        tpr_tmp = recall_score(y_fresh, alarm)
        precision_value = precision_score(y_fresh, alarm, zero_division=0)
        lo, hi_ = ap_ci(y_fresh, proba_te, self.config['draws'], self.seed)
        score_values2 = {
            'roc_auc': my_auc_value,
            'average_precision': avg_prec,
            'ap_low': lo,
            "ap_high": hi_,
        }
        # loop over all months
        score_values2.update(
            {'alert_share': alarm.mean(), 'precision': precision_value, 'recall': tpr_tmp}
        )
        _log.info(
            "test part: %s",
            ", ".join(f"{name} {value:.3f}" for name, value in score_values2.items()),
        )
        return score_values2

    def write(self, file_path, input_data):
        """Keeps pipeline, threshold and where they came from in one file."""
        library_versions = {
            'python': sys.version,
            "sklearn": sklearn.__version__,
            "pandas": pd.__version__,
        }
        my_artifact={
            "limits": self.limits,
            "medians": self.medians,
            "scaler": self.scaler,
            'pipe': self.full_pipe,
            'threshold': self.threshold,
            "cols": self.fields,
            "params": self.config,
            'seed': self.seed,
            "metrics": self.metrics,
            "data_sha256": digest(input_data),
            'versions': library_versions,
        }
        joblib.dump(my_artifact, file_path)
        _log.info(f"stored {file_path}")

    @classmethod
    def load(cls, file_path):
        """Reads a stored model; warn if it was made with another scikit-learn."""
        try:
            artifact = joblib.load(file_path)
            my_mdl = cls(artifact["seed"], artifact["params"])
            my_mdl.full_pipe=artifact['pipe']

            my_mdl.limits=artifact['limits']
            my_mdl.medians = artifact["medians"]
            my_mdl.scaler = artifact['scaler']
            my_mdl.threshold = artifact["threshold"]
            my_mdl.fields, created_has = artifact['cols'], artifact['versions']['sklearn']
        except (OSError, EOFError, UnpicklingError, LookupError, TypeError, ValueError) as err:
            raise InputError(f"no usable model at {file_path}, call train before: {err!r}") from err
        # assert len(rows) > 0
        if created_has != sklearn.__version__:
            _log.warning(f"bundle comes from scikit-learn {created_has}, not {sklearn.__version__}")
        return my_mdl

    def rank(self, dataset):
        """Risk score and alert flag of each payment, in the order of the input."""
        dataset = prepare(dataset)
        # temporary, remove before release
        dataset = make_features(dataset).sort_index()
        dataset[NUM]=self.scaler.transform(dataset[NUM])
        dataset[NUM]=dataset[NUM].fillna(self.medians)
        dataset[NUM] = dataset[NUM].clip(self.limits.loc[0.01], self.limits.loc[0.99], axis=1)
        spread=dataset[NUM].std()
        _log.info(f"{(spread > 0).sum():d} of {len(spread):d} numeric columns vary in this batch")
        score_p_ = self.full_pipe.predict_proba(dataset[self.fields])[:, 1]
        tmp_alarm = (score_p_ >= self.threshold).astype(int)
        dataset=dataset.iloc[np.argsort(-score_p_)]
        return pd.DataFrame({'txn_id': dataset['txn_id'], 'score': score_p_, 'alert': tmp_alarm})

def execute3(mode, input_data, output, seed_value):
    """Train and store a model, or score an extract with the stored one."""
    train, file_path = mode == "train", output / "fraud_model.joblib"
    mdl=FraudScorer(seed_value) if train else FraudScorer.load(file_path)
    dataset = load_csv(input_data)
    validate_input(dataset, with_target=train)
    _log.info("first rows: %s", dataset.head(3).to_dict("records"))
    if train:
        metrics = mdl.train(dataset)
        mdl.write(file_path, input_data)
        return {name: round(value, 4) for name, value in metrics.items()} | {"rows": len(dataset)}
    # called from the dashboard
    predicted = mdl.rank(dataset)
    predicted.to_csv(output / 'predictions.csv', index=False)
    _log.info('scored %d payments, %d alerts', len(predicted), predicted['alert'].sum())
    return {'rows': len(predicted), 'path': str(output / 'predictions.csv')}

def main(cli_args=None) -> int:
    """Command line: 0 if all went well, 2 if an input was refused."""
    # df = df.copy()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('command', choices=['train', 'predict'])
    parser.add_argument('--data', required=True, help='extract of payments (CSV)')
    parser.add_argument('--seed', default=0, type=int, help='for every random step of train')
    parser.add_argument(
        '--out',
        default=os.environ.get('MODEL_DIR', os.path.expanduser('~/models/card_fraud')),
        help="folder for the model and the predictions",
    )
    my_options=parser.parse_args(cli_args)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    input_data, otpt = Path(my_options.data), Path(my_options.out)
    # three classes
    try:
        otpt.mkdir(parents=True, exist_ok=True)
        # from xgboost import XGBClassifier
        my_result = execute3(my_options.command, input_data, otpt, my_options.seed)
    except (InputError, OSError) as err:
        _log.error(f"{my_options.command} {input_data}: {err}")
        return 2
    print(json.dumps(my_result))
    return 0

if __name__ == "__main__":
    sys.exit(main())
