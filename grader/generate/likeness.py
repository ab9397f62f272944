"""How much two programs have in common: the share of their token 5-grams.

Tokens are Python's own, without comments, line ends and indentation; a string counts the same in
whichever quotes. Of the 5-grams of two programs (each counted once), the share is what both have
over what the smaller has: |A & B| / min(|A|, |B|), between 0 and 1.
"""

import io
import tokenize
from collections.abc import Iterator

GRAM = 5
Grams = frozenset[tuple[str, ...]]

# Exercises of one scenario share about 30 % (median; 45 % at most in some hundreds of pairs, by
# benchmarks/similarity.py); two in which nothing but flaws and mess differ share 50 to 66 %. Above
# the line lies what a candidate who has seen the other would know again line by line.
NEAR_DUPLICATE = 0.6

_SKIPPED = frozenset(
    {
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENCODING,
        tokenize.ENDMARKER,
    }
)


def grams(program: str) -> Grams:
    """Return the 5-grams of a program.

    Raises:
        SyntaxError, tokenize.TokenError: if the text is no Python.
    """
    tokens = list(_tokens(program))
    return frozenset(tuple(tokens[i : i + GRAM]) for i in range(len(tokens) - GRAM + 1))


def share(a: Grams, b: Grams) -> float:
    """Return the share of 5-grams that two programs have in common, 0 to 1."""
    smaller = min(len(a), len(b))
    return len(a & b) / smaller if smaller else 0.0


def _tokens(program: str) -> Iterator[str]:
    for token in tokenize.generate_tokens(io.StringIO(program).readline):
        if token.type in _SKIPPED:
            continue
        if token.type == tokenize.STRING:
            yield token.string.replace("'", '"')
        else:
            yield token.string
