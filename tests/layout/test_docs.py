"""What the documents count, and how they are marked up."""

import ast
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def text(path):
    return (ROOT / path).read_text(encoding="utf-8")


def counted(document, words):
    """The number before @words, wherever the line breaks are."""
    found = re.findall(r"(\d+)\s+" + r"\s+".join(map(re.escape, words.split())), text(document))
    assert len(found) == 1, (document, words, found)
    return int(found[0])


def test_the_invariants_are_counted():
    held = re.findall(r"^\s*X\(VIOLATION_\w+,", text("tests/simulation/violation.h"), flags=re.M)
    assert counted("docs/reliability.md", "invariants are checked") == len(held) > 0


def test_the_fail_points_are_counted():
    points = re.findall(r"^\s*X\([A-Z_]+\b", text("src/base/fail_point.h"), flags=re.M)
    assert counted("docs/reliability.md", "named points of its way") == len(points) > 0


def test_the_scenarios_are_counted():
    passed = re.search(r"^PASSED = (\{.*?^\})", text("tests/e2e/test_fail_points.py"), flags=re.M | re.S)
    scenarios = ast.literal_eval(passed[1])
    assert counted("docs/reliability.md", "deaths in them") == sum(len(points.split()) for points in scenarios.values()) > 0


def test_no_sample_is_swallowed_by_a_list():
    """Indented after a list, a sample is the text of its last item; between fences it is not."""
    wrong = []
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        in_list = fenced = after_blank = False
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if line.startswith("```"):
                fenced = not fenced
            if fenced or not line:
                after_blank = not line
                continue
            if line.startswith("    ") and in_list and after_blank:
                wrong.append(f"{path.relative_to(ROOT)}:{number}: {line[:60]}")
            elif not line.startswith(" "):
                in_list = re.match(r"([-*+]|\d+\.) ", line) is not None
            after_blank = False
    assert not wrong
