"""The page: self-contained, inert, and saying what the results say."""

import re
from html.parser import HTMLParser

import pytest

from grader.report.page import render
from grader.report.results import Results

HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(1)> {{ 7*7 }} \x1b[31m \u202egnp.exe"


@pytest.fixture(scope="session")
def page(form, result, failed):
    def make(*results):
        return render(Results(results or (result(), failed), {form.exercise: form}))

    return make


class _Tags(HTMLParser):
    """Collects what a browser would see as tags and attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: list[str] = []
        self.ids: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add(name)
            if name in ("href", "src", "xlink:href"):
                self.links.append(value)
            if name == "id":
                self.ids.append(value)


def text_of(page):
    return re.sub(r"<[^>]+>", " ", page)


def test_equal_results_give_equal_bytes(page):
    assert page() == page()


def test_the_page_fetches_nothing_and_runs_nothing(page):
    seen = _Tags(page())
    assert not seen.tags & {"script", "link", "iframe", "img", "object", "form"}
    assert not [name for name in seen.attributes if name.startswith("on")]
    assert all(link.startswith("#") for link in seen.links)
    assert "default-src 'none'" in page()


def test_every_link_has_its_target_and_every_id_is_one(page, result):
    seen = _Tags(page(result("ada"), result("bob")))
    own = [i for i in seen.ids if re.match(r"c\d|failed", i)]
    assert len(own) == len(set(own))
    assert {link[1:] for link in seen.links if re.match(r"#(c\d|failed)", link)} <= set(own)


def test_hostile_text_is_shown_and_does_nothing(page, result):
    html = page(result(candidate=HOSTILE, text=HOSTILE, alerts=(HOSTILE,)))
    seen = _Tags(html)
    assert not seen.tags & {"script", "img"}
    assert "\x1b" not in html
    assert "\u202e" not in html
    assert "{{ 7*7 }}" in html


def test_hostile_text_of_a_key_does_nothing_either(form, result):
    bad = '"><script>alert(1)</script>'
    items = tuple(item.model_copy(update={"title": bad, "kind": bad}) for item in form.items)
    hostile = form.model_copy(update={"items": items, "scenario": bad, "title": bad})
    seen = _Tags(render(Results((result(),), {form.exercise: hostile})))
    assert "script" not in seen.tags


def test_each_comment_stands_before_its_line_with_its_verdict(page):
    html = page()
    note = html.index("The scaler sees the test rows.")
    assert html.index('<span class="nr">4</span>') < note < html.index('<span class="nr">5</span>')
    assert "The claim fits." in html


def test_the_program_stands_there_line_by_line(page, form, result):
    shown = re.findall(r'<code style="--i:\d+">(.*?)</code>', page(result()))
    plain = [re.sub(r"<[^>]+>", "", line).replace("&quot;", '"') for line in shown]
    assert [p.replace("&lt;", "<").replace("&#39;", "'") for p in plain] == (
        form.program.splitlines()
    )


@pytest.mark.parametrize(
    ("label", "state"), [("F1", "found"), ("F2", "missed"), ("D1", "hit-decoy")]
)
def test_the_margin_marks_the_places_of_the_key(page, label, state):
    assert re.search(rf'class="mark s-{state}"[^>]*>{label}<', page())


def test_a_missed_flaw_stands_beside_its_line(page):
    assert "Missed F2 Accuracy on rare class" in " ".join(text_of(page()).split())


def test_each_key_item_says_what_is_wrong_and_who_was_credited(page):
    text = " ".join(text_of(page()).split())
    for words in ("Wrong of Scaler before split.", "#1 Fits. Credit 100 %", "Nobody said it."):
        assert words in text


def test_the_arithmetic_and_the_versions_are_on_the_page(page, result):
    text = text_of(page())
    score = result().score
    assert all(line in text for line in score.arithmetic)
    assert score.versions.key_sha256 in text


def test_a_failed_submission_is_listed_with_its_error(page):
    assert "row 7: line" in page()


def test_a_further_submission_is_shown_but_not_counted(page, result):
    text = " ".join(text_of(page(result(), result("ada", duplicate_of="ada.json"))).split())
    assert "1 candidate scored" in text
    assert "1 further submission, not counted" in text


def test_a_page_without_a_single_score_still_says_why(page, failed):
    assert "row 7: line" in page(failed)


def test_only_the_best_are_shown_in_full_up_to_the_limit(form, result):
    both = Results((result("ada", credit=500), result("bob")), {form.exercise: form})
    html = render(both, limit=1)
    assert re.findall(r'class="who">(\w+)', html) == ["bob"]
    assert "1 of 2 reviews are shown in full" in html


def test_a_named_candidate_is_shown_in_full(form, result):
    both = Results((result("ada", credit=500), result("bob")), {form.exercise: form})
    assert re.findall(r'class="who">(\w+)', render(both, ["ada"], limit=0)) == ["ada"]


def test_a_near_miss_shows_as_partly_found(page, result):
    assert re.search(r'class="mark s-partly"[^>]*>F1<', page(result(credit=500)))
