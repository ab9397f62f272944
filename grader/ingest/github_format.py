"""A review on GitHub, as its API gives it: comments on lines, on files, and the review's own text.

``gh api --paginate repos/OWNER/REPO/pulls/N/comments`` and ``…/pulls/N/reviews``, in one file or
alone; pages as one list, as lists in a list (``--slurp``), or one list after the other.
"""

from grader.ingest import limits
from grader.ingest.draft import Reading, RefusedError
from grader.ingest.hosted import Found, Span, flat, inner
from grader.ingest.published import Published
from grader.ingest.strict_json import load_many
from grader.ingest.text import shown


def read(text: str, published: Published | None) -> Reading:
    """Read the comments and reviews of one pull request.

    A comment without ``line`` (the code has changed since) stands at ``original_line``; one on a
    file or on a deleted line is about the file.

    Raises:
        RefusedError: if the text is no JSON, or holds too many comments.
    """
    items = list(flat(load_many(text)))
    refused = limits.too_many_comments(len(items))
    if refused:
        raise RefusedError(*refused)
    found = Found(published)
    for number, item in enumerate(items, 1):
        source = f"comment {number}"
        body = item.get("body") if isinstance(item, dict) else None
        if not isinstance(item, dict) or not isinstance(body, str | None) or "body" not in item:
            found.faults.append(f"{source}: {_strange(item)}")
        elif inner(item, "user", "type") == "Bot":
            found.tell(source, "written by a bot, left out")
        elif body or "path" in item:  # a review without a text of its own only holds comments
            found.place(source, body or "", item.get("path"), _span(item, source, found))
            account = inner(item, "user", "login")
            found.accounts += [account] if isinstance(account, str) else []
    return found.reading()


def _strange(item: object) -> str:
    message = item.get("message") if isinstance(item, dict) else None
    if isinstance(message, str):
        return f"GitHub answered {shown(message)}; fetch the review again"
    return "is no comment of GitHub's API, it has no text 'body'"


def _span(item: dict[str, object], source: str, found: Found) -> Span:
    if item.get("subject_type") == "file" or "path" not in item:
        return None, None
    if item.get("side") == "LEFT":
        found.tell(source, "stands on a deleted line; read as on the file")
        return None, None
    if item.get("line") is not None:
        return item.get("start_line"), item["line"]
    return item.get("original_start_line"), item.get("original_line")
