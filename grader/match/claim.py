"""Does a finding say that something is wrong?

A denial, a shrug, praise and a bare string of keywords assert nothing; an order to change
something and a question that expects "yes, it is wrong" assert a defect.
"""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple

from grader.match.words import open_up, tokens

Stance = Literal["asserts", "asks", "hedges", "denies", "keywords", "nothing"]

_DEFECT = (
    r"(?:leak\w*|problems?|issues?|bugs?|flaws?|mistakes?|concerns?|wrong|contaminat\w*|"
    r"overfit\w*|mismatch\w*|skew|risks?|danger\w*|harm\w*|cheat\w*|peek\w*|look-?ahead|"
    r"objections?|complaints?|defects?|faults?|bias\w*|snoop\w*)"
)
_FILLER = (
    r"(?:(?:any|a|an|real|really|obvious|data|target|label|test|such|kind|sort|sign|signs|of|the|big|"
    r"visible|temporal|information|train|serving|more|other|further|evidence|apparent|actual|"
    r"actually|here|see|find|spot|think|it|is|there|this|that|be|cause|causing|much|serious|major|"
    r"particularly|necessarily|to|particular|time|future)\s+){0,5}"
)
_NO_DEFECT = re.compile(
    rf"\b(?:no|not|never|without|zero|free of|free from|nothing|neither|hardly)\s+{_FILLER}{_DEFECT}\b"
)
_PURPOSE = re.compile(
    r"\b(?:so that|so|to ensure|ensures?|to make sure|then there|would|guarantee\w*|avoid\w*|"
    r"no longer|not only|not just|until|once|if|does not mean|not mean|otherwise)\s(?:[\w-]+\s){0,5}$"
)
_FINE = re.compile(
    r"\b(?:is|are|looks?|seems?|was|were|all|it's|its|feels|appears)\s(?:[\w-]+\s){0,3}?"
    r"(?:fine|ok|okay|correct|good|great|right|safe|sound|harmless|intentional|intended|acceptable|"
    r"legit|legitimate|clean|reasonable|justified|appropriate|valid|proper|alright|deliberate|"
    r"unproblematic|as it should|sensible|defensible|correctly done|properly done|not needed|"
    r"nice|perfect|well done|what you want|what we want|no problem)\b(?! for a| if | only if)"
)
_UNFINE = re.compile(
    r"\b(?:not|nor|never|hardly|should|would|could|must|might|too|suspiciously|unrealistically|"
    r"look|only|if|instead|makes? sure|ensure|check|sure|until|whether|nothing|far from|anything but|"
    r"than|of|unless|as long as|looks|seems)\b"
)
_RIGHTLY = re.compile(
    r"\b(?:correctly|properly|rightly|as it should(?: be)?|already (?:done|handled|checked|seeded|"
    r"fixed|stratified|validated|in place|inside|there|covered|passed|set|taken care)|"
    r"taken care of|works as intended|as intended|no action|nothing to (?:change|fix|do|add|worry)|"
    r"no (?:change|need|fix) (?:is )?(?:needed|required|to)|not a concern|not concern|agree with|"
    r"does not matter|do not mind|would (?:leave|keep) (?:it|this|that)|leave (?:it|this) as|"
    r"good (?:that|to see|choice|call|idea|practice here)|glad|nice(?:ly)?|well done|kudos|i like|"
    r"like that|lgtm|thumbs up|exactly right|spot on|(?:well|nicely) (?:handled|chosen|placed|thought)|"
    r"handled (?:well|nicely)|handles (?:this|that|it) (?:well|nicely|fine)|right (?:way|call|thing|choice|metric|"
    r"approach|place|order|tool|idea)|checks out|works (?:fine|well|as)|(?:that|this|it|which) makes sense|"
    r"as expected|on purpose|deliberately|would not (?:change|touch)|do not (?:change|touch) (?:it|this)|"
    r"no complaints?|no objections?|sound (?:choice|practice)|good practice|reassuring|happy with|"
    r"can stay|may stay|keep (?:it|this) (?:as|like)|nothing (?:is )?wrong|what (?:we|you|one|i) wants?)\b"
)
_WRONGLY = re.compile(
    r"\b(?:not|never|should|must|need|needs|ought|cannot|nothing|without|until|if|instead|hard to|"
    r"whether|fails?|nobody|ensure|make sure|would|to be)\b"
)
_SOUND = re.compile(
    r"\b(?:is|are|gets?|was|were|sits|lives|happens|stays|being)\s(?:[\w-]+\s){0,4}?"
    r"(?:(?:only|just|purely|strictly)\s(?:on|from|with|to|within)\s(?:the\s)?(?:train\w*|x_train|past)|"
    r"(?:inside|within)\s(?:the\s|a\s)?(?:pipeline|cross|cv|folds?|each fold)|"
    r"(?:in|part of)\s(?:the\s|a\s)?pipeline|after (?:the |we |you )?split\w*|before the label)\b"
)
_UNSOUND = re.compile(
    r"\b(?:not|no|never|should|must|need|needs|instead|but|before|leak\w*|all|whole|entire|full|"
    r"better|move|put|only after|duplicat\w*|again|then|test|too|also|refit\w*|different\w*)\b"
)
_HEDGE = re.compile(
    r"\b(?:may or may not|might or might not|could or could not|can or can not|may be or may not|"
    r"not sure (?:if|whether|about)|no idea (?:if|whether)|unclear (?:if|whether|to me)|"
    r"hard to (?:say|tell)|can not (?:say|tell|judge)|do not know (?:if|whether|what|why)|"
    r"or (?:maybe )?not\b|depends on (?:what|how|whether|your)|one way or the other|"
    r"maybe (?:it is |this is )?(?:fine|ok|okay|nothing|intended|intentional|on purpose|deliberate)|"
    r"could go (?:either|both) ways?|cannot decide|not certain (?:if|whether)|unsure (?:if|whether)|"
    r"(?:may|might|could) (?:also )?(?:well )?be (?:fine|ok|okay|intended|intentional|deliberate|on purpose|"
    r"nothing|harmless|acceptable|correct|right|by design|a non-issue)|maybe not\b|perhaps not\b|"
    r"possibly not\b|(?:may|might|could) not be\b|wonder(?:ing)? (?:if|whether)|not saying|"
    r"not necessarily|would (?:have|need) to (?:check|see|know|look|ask)|without (?:knowing|seeing)|"
    r"not enough (?:context|information)|no (?:strong )?opinion|hard to know|no way to know|"
    r"i can not see (?:if|whether)|would not (?:swear|bet)|by design or|either way)\b"
)
_REASON = re.compile(
    r"\b(?:because|since|as the|so the|which means|meaning|therefore|hence|thus|leads? to|then the|"
    r"so that|due to|given that|otherwise|as it|as all|sees?|knows?)\b|->|=>"
)
_NEGATED_ASK = re.compile(
    r"\b(?:is|are|was|were|does|do|did|should|would|could|can|has|have|will|must)\s(?:\w+\s){0,3}?not\b|"
    r"^(?:and |but |so |hm+ |ok |okay )?why\b|\bwhy (?:is|are|do|does|not|would|was|did|on|in|no|the)\b|"
    r"\b(?:what about|how about|where is the|where are the|what if|any reason|no \w+\s?\?)"
)
_REQUEST = re.compile(
    r"\b(?:can|could|should|would|may|shall)\s(?:you|we|this|it|i|that|the \w+)\s(?:please |maybe |also |"
    r"perhaps |rather |just )?(?:be |not )?(?:move\w*|use|using|add\w*|set|pass\w*|fit\w*|put|split\w*|drop\w*|"
    r"remove\w*|replace\w*|change\w*|make|made|read|log\w*|check\w*|validate\w*|store\w*|save\w*|pin\w*|"
    r"stratif\w*|compute\w*|keep|take\w*|rename\w*|do|done|seed\w*|raise|report\w*|extract\w*|get|have|"
    r"explain\w*|write|hold|tune\w*|configur\w*)\b|\bplease\b|\bmind (?:moving|adding|using)"
)
_TURN = re.compile(
    r"\s*(?:,\s*|\s|^)(?:but|however|though|although|except that|except for|yet|whereas|while|"
    r"only that|even though|despite|still,|unfortunately|that said|just that)\s",
)
_RELATION = frozenset(
    "is are was were be been being gets get got has have had do does did not no never without before "
    "after on in into from of to for with by at over under as than because since so if when while "
    "which that this these those it its they the a an and or then instead should must need needs can "
    "could would will may might cannot only every each all both too here there -> => == missing absent "
    "uses using used sees see makes make means gives lacks lack "
    "hardcoded hard unseeded wrong different forgot i you we please why where what how never always "
    "still already also just outside inside within across through between per via against until "
    "happens comes goes looks drops hides computed computes counts add move remove fix "
    "replace your my our one same".split()
)
_TERSE = frozenset(
    "missing leak leaks leakage leaky hardcoded hard unseeded wrong swapped swallowed unsafe absent "
    "duplicated duplicate inconsistent misleading magic silent silently bare unstratified overfitting "
    "overfit unversioned insecure secret mismatch skew chained no not never without reversed "
    "unvalidated untested slow copy copied refit refitted tuned fitted".split()
)
_WITHDRAWS = re.compile(
    r"^\W*(?:correction|corrected|scratch (?:that|my)|on second thoughts?|ignore my|disregard my|"
    r"i retract|retract\w*|i was wrong|my mistake|never ?mind|i take (?:it|that) back|strike (?:that|my)|"
    r"update|edit|sorry,? (?:i was wrong|wrong)|please ignore|forget (?:my|what)|"
    r"actually,? (?:no|scratch)|looking again|after (?:a )?second look|i misread)\b",
    re.IGNORECASE,
)
_TAKES_BACK = re.compile(
    r"\b(?:ignore my|disregard my|retract\w*|i was wrong|my mistake|never ?mind|take (?:it|that) back|"
    r"forget (?:my|what)|i misread|please ignore)\b",
    re.IGNORECASE,
)


# A clause that ends in one approving word: "seed passed everywhere, good".
_APPROVES = re.compile(
    r"(?:^|[,:;(-]\s*|\s-\s)(?:all |so |very |looks |quite |that is |this is |which is )*"
    r"(?:good|fine|ok|okay|nice|correct|great|perfect|sound|safe|clean|lgtm|right|agreed|solid|well done)"
    r"(?: (?:here|so|now|then|job|work|by me|for me|with me|as is))?[\s.!)]*$"
)
# "At first I thought it leaks" is no claim.
_SUPPOSED = re.compile(
    r"\b(?:(?:at first|first|initially)\s(?:glance\s)?(?:i\s)?(?:thought|suspected|worried|feared|looked|it looked)|"
    r"i (?:was (?:worried|afraid|going to|about to|expecting|first)|had (?:expected|feared|worried)|"
    r"(?:thought|suspected|expected|feared) (?:first|at first|initially)|(?:double-?)?checked (?:if|whether|for|that))|"
    r"(?:one|you|people|somebody|someone) (?:could|might|may) think|looks? like a leak)"
)
# What a statement of a defect holds; without it, praise in the next clause speaks for it.
_BAD = re.compile(
    r"\b(?:not|no|never|nothing|without|missing|lacks?|should|must|needs?|instead|leak\w*|wrong\w*|problem\w*|"
    r"bugs?|errors?|hard-?\s?cod\w*|before|too|silent\w*|hid\w*|swallow\w*|crash\w*|fail\w*|break\w*|"
    r"inflat\w*|optimis\w*|mislead\w*|magic|bias\w*|overfit\w*|mismatch\w*|differ\w*|inconsisten\w*|"
    r"ignor\w*|los\w*|slow\w*|risk\w*|unsafe|duplicat\w*|whole|entire|move|useless|only|arbitrar\w*|again)\b"
)


class Claim(NamedTuple):
    """What a finding asserts: ``level`` 1000 a defect, 500 a bare question, 0 nothing."""

    stance: Stance
    level: int


def judge(sentences: Sequence[str]) -> Claim:
    """Return the strongest stance of a finding's sentences."""
    clauses = [clause for sentence in sentences for clause in _clauses(sentence)]
    stances = {clause.stance for clause in clauses}
    if "denies" in stances:
        clauses = [c for c in clauses if c.stance != "asserts" or _BAD.search(c.text)]
    if any(clause.stance == "asserts" for clause in clauses):
        return Claim("asserts", 1000)
    for stance in ("denies", "asks", "hedges", "keywords"):
        if stance in stances:
            return Claim(stance, 500 if stance == "asks" else 0)
    return Claim("nothing", 0)


def withdraws(text: str) -> bool:
    """Tell whether a remark corrects an earlier one."""
    return bool(_WITHDRAWS.search(text[:200]))


def takes_back(text: str) -> bool:
    """Tell whether a correcting remark takes the earlier claim back without a new one."""
    return bool(_TAKES_BACK.search(text[:200]))


class _Clause(NamedTuple):
    text: str
    stance: Stance


def _clauses(sentence: str) -> list[_Clause]:
    """Return the stance on each side of a "but"; a question mark holds for the last side."""
    opened = open_up(sentence).strip()
    parts = [part.strip(" ,.") for part in _TURN.split(opened) if part and part.strip(" ,.")]
    if not parts:
        return [_Clause("", "nothing")]
    asked = opened.rstrip(")\"' ").endswith("?")
    last = len(parts) - 1
    return [_Clause(part, _stance(part, asked and i == last)) for i, part in enumerate(parts)]


def _stance(clause: str, asked: bool) -> Stance:
    words = tokens(clause)
    if not words:
        return "nothing"
    if asked:
        return "asserts" if _NEGATED_ASK.search(clause) or _REQUEST.search(clause) else "asks"
    if _HEDGE.search(clause) and not _REASON.search(clause):
        return "hedges"
    if _SUPPOSED.search(clause):
        return "nothing"
    if _denies(clause):
        return "denies"
    code = any(sign in clause for sign in "=([_'\"`")
    return "asserts" if _is_sentence(words, code) else "keywords"


def _denies(clause: str) -> bool:
    if _APPROVES.search(clause) and not _BAD.search(clause):
        return True
    denied = _NO_DEFECT.search(clause)
    if denied and not _PURPOSE.search(clause[: denied.start()]):
        return True
    fine = _FINE.search(clause)
    if fine and not _UNFINE.search(
        clause[max(0, fine.start() - 24) : fine.end()].replace(fine.group().split()[0], "", 1)
    ):
        return True
    rightly = _RIGHTLY.search(clause)
    if rightly and not _WRONGLY.search(clause[max(0, rightly.start() - 30) : rightly.start()]):
        return True
    return bool(_SOUND.search(clause)) and not _UNSOUND.search(clause)


def _is_sentence(words: Sequence[str], code: bool) -> bool:
    """Tell whether words stand in relation to each other, or are a terse finding.

    Args:
        words: the words of a clause.
        code: whether the clause names a piece of code, which then stands for the relation.
    """
    related = sum(word in _RELATION for word in words)
    if len(words) <= 4:
        return related > 0 or any(word in _TERSE for word in words)
    if related == 0:
        return code and any(word in _TERSE for word in words)
    return len(words) < 10 or related * 12 >= len(words)
