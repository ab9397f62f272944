"""Charts: equal numbers give equal bytes, in the page's own colours."""

from grader.report.charts import distribution


def test_equal_scores_give_equal_bytes():
    assert distribution([0.0, 57.3, 100.0]) == distribution([0.0, 57.3, 100.0])


def test_a_chart_carries_no_date_and_no_colour_of_its_own():
    svg = distribution([50.0])
    assert "<metadata>" not in svg
    assert "currentColor" in svg
    assert "#010203" not in svg
