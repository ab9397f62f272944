"""Does a remark say why the code is wrong, and what to do?

The signs are connectives, words of consequence, words of repair, and words shared with what the
key says of harm and fix. Length counts for nothing.
"""

import re
from collections.abc import Collection, Mapping

from grader.match.words import open_up

_BECAUSE = re.compile(
    r"\b(?:because|since|as (?:it|the|this|all|they|you|we|there)|therefore|thus|hence|due to|given that|"
    r"which (?:means|makes|leads|will|would|then|is why|lets|gives|hides|breaks|inflates|can|leaks)|"
    r"so (?:the|that|it|you|we|this|any|every|all|nobody|no one|there|when|if|a|an|each|your|test|is|are)|"
    r"means?|meaning|leads? to|leading to|results? in|resulting in|causes?|causing|makes? (?:the|it|this|"
    r"every|them|any)|otherwise|or else|the reason|that is why|this way|thereby|consequently|"
    r"if (?:the|a|an|someone|anyone|you|it|any|one|we|this)|when (?:the|a|an|someone|you|it|we|this)|"
    r"for this reason|in effect|effectively)\b|->|=>|\bso\b"
)
_EFFECT = re.compile(
    r"\b(?:leak\w*|inflat\w*|optimis\w*|optimiz\w*|overstat\w*|overestimat\w*|mislead\w*|"
    r"contaminat\w*|bias\w*|unrealistic\w*|too good|too high|too low|too rosy|overfit\w*|memoris\w*|memoriz\w*|"
    r"crash\w*|fails?|failing|breaks?|broken|blow\w*|silent\w*|hid(?:e|es|den|ing)|mask\w*|unnoticed|"
    r"nobody|no one|lost|los(?:e|es|ing)|disappear\w*|vanish\w*|wrong|incorrect|garbage|nonsense|"
    r"meaningless|useless|worthless|not comparable|incomparable|not reproduc\w*|irreproduc\w*|"
    r"can not (?:be )?\w+|can never|never \w+|impossible|unreliable|unstable|noisy|noise|luck\w*|by chance|"
    r"differ\w*|mismatch\w*|skew\w*|drift\w*|diverg\w*|inconsisten\w*|exposed?|attacker\w*|arbitrary|"
    r"execut\w*|steal\w*|stolen|gdpr|privacy|breach\w*|depends? on|sees?|seen|saw|knows?|knew|peek\w*|"
    r"already (?:seen|saw|knows?|contains?)|bleed\w*|influenc\w*|distort\w*|underestimat\w*|"
    r"overconfiden\w*|not generali\w*|will not|would not|does not (?:reflect|tell|say|measure|mean|work|"
    r"match|exist|generali\w*)|not know|not available|unavailable|slow\w*|hours|forever|hard to|harder|"
    r"risk\w*|danger\w*|no way to|tells? (?:us )?(?:nothing|you nothing)|says nothing|no effect|"
    r"flatter\w*|reversed|upside|inverted|opposite|drown\w*|ignored|miss(?:es|ed)?|stale|expos\w*|"
    r"in production|at prediction|at inference|unseen|honest|trust\w*|changes? (?:every|each|with|between))\b"
)
_REPAIR = re.compile(
    r"\b(?:should|must|ought|instead|rather than|better to|better:|use|using|replace\w*|move|moving|moved|"
    r"put|wrap\w*|add|adding|set|setting|pass|passing|drop|dropping|remove|removing|split first|"
    r"fit (?:it |the \w+ |them |only |on |inside |after )|fitting (?:it|only|on|inside)|only on|"
    r"call|compute|read|load|log|save|store|persist|keep|hold out|hold|stratify|seed|pin|report|compare|"
    r"validate|check|raise|assert|extract|refactor|make|turn|switch|take|give|try|consider|recommend\w*|"
    r"suggest\w*|need to|needs to|needs a|needs an|have to|has to|please|let us|lets|do not|avoid\w*|"
    r"would (?:use|move|add|put|do|prefer|be better|fix|help)|could (?:use|be)|i would|fix|solution|"
    r"change|rewrite|define|choose|pick|tune|transform only|swap|rename|convert|vectori[sz]e|catch|"
    r"encode|impute|scale|shuffle|sort|deduplicate|group|nest|cross-validate|stop|delete|rotate|mask|"
    r"redact|assign|include|write|record|version|configure|limit|count|restrict)\b"
)
_VERB = (
    r"(?:use|move|put|wrap|add|set|pass|drop|remove|split|fit|call|compute|read|load|log|save|store|"
    r"persist|keep|hold|stratify|seed|pin|report|compare|validate|check|raise|assert|extract|refactor|"
    r"make|turn|switch|take|give|try|replace|fix|change|rewrite|define|choose|pick|tune|swap|convert|"
    r"vectori[sz]e|catch|impute|scale|sort|deduplicate|group|nest|cross-validate|stop|delete|rotate|mask|"
    r"redact|assign|include|write|record|version|do not|avoid|let|parametri[sz]e|ship|reuse|share|"
    r"transform|apply|run|evaluate|score|build|create|reload|restrict|calculate|exclude|specify|count|"
    r"encode|oversample|resample|shift|back-transform|exponentiate|leave|refit|go|get|train|select|"
    r"average|measure|plot|print|document|encrypt|separate|break|factor|return|let|fail|handle|be)\b"
)
# An order: the verb begins a sentence, or follows "please", "should" and the like.
_ORDER = re.compile(
    r"(?:^|[.;:!?\n]\s+|\s-\s|->\s|=>\s|,\s|\b(?:please|should|must|instead|better|rather|just)\s(?:be\s)?)"
    + _VERB
)
_LOOSE = re.compile(r"\b(?:and|then|so|or|to|first|would)\s" + _VERB)
# What each sign weighs against the text model's leaning, all in thousandths of a nat.
_BECAUSE_WEIGHS = _EFFECT_WEIGHS = 600
_ORDER_WEIGHS, _LOOSE_WEIGHS, _REPAIR_WEIGHS = 2200, 400, 100
_SHARED_WEIGHS, _MOST_SHARED = 150, 4
_WHY_FROM, _FIX_FROM = 200, 200
_REPAIRS = ((_ORDER, _ORDER_WEIGHS), (_LOOSE, _LOOSE_WEIGHS), (_REPAIR, _REPAIR_WEIGHS))


def says_why(text: str, flags: Mapping[str, int], shared_harm: int) -> bool:
    """Tell whether a remark gives mechanism or consequence.

    Args:
        text: the folded remark.
        flags: the text model's leanings, in thousandths.
        shared_harm: how many telling words it shares with the key's words on harm.
    """
    opened = open_up(text)
    signs = _BECAUSE_WEIGHS * bool(_BECAUSE.search(opened))
    signs += _EFFECT_WEIGHS * bool(_EFFECT.search(opened))
    return flags.get("why", 0) + signs + _overlap(shared_harm) >= _WHY_FROM


def says_fix(text: str, flags: Mapping[str, int], shared_fix: int) -> bool:
    """Tell whether a remark says what to do. Arguments as in ``says_why``."""
    opened = open_up(text)
    signs = 0
    for pattern, weighs in _REPAIRS:
        if pattern.search(opened):
            signs = weighs
            break
    return flags.get("fix", 0) + signs + _overlap(shared_fix) >= _FIX_FROM


def _overlap(count: int) -> int:
    return _SHARED_WEIGHS * min(count, _MOST_SHARED)


def shared(words: Collection[str], others: Collection[str]) -> int:
    """Return how many different words two texts share."""
    return len(set(words) & set(others))
