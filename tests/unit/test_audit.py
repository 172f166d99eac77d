"""What `make audit` makes of findings and of their explanations."""

from collections import Counter

from tools.audit import compare, place, read_explanations

PAGE = """# Findings

## timestamp (low)

Seconds do not matter.

- `Token.*`

## unused-return (medium)

It is known before.

- `Logic.store`
- `Logic.look` (2)
"""
FUNCTION = {
    "type": "function",
    "name": "look",
    "type_specific_fields": {"parent": {"type": "contract", "name": "Logic"}},
}


def finding(check: str, contract: str, function: str) -> dict:
    parent = {"parent": {"type": "contract", "name": contract}}
    element = {"type": "function", "name": function, "type_specific_fields": parent}
    return {"check": check, "impact": "Low", "description": "why", "elements": [element]}


FOUND = [
    finding("timestamp", "Token", "accrue"),
    finding("timestamp", "Token", "redeem"),
    finding("unused-return", "Logic", "store"),
    finding("unused-return", "Logic", "look"),
    finding("unused-return", "Logic", "look"),
]


def test_reads_each_place_below_its_detector() -> None:
    explained, wrong = read_explanations(PAGE)
    assert not wrong
    assert explained == Counter(
        {
            ("timestamp", "Token.*"): 1,
            ("unused-return", "Logic.store"): 1,
            ("unused-return", "Logic.look"): 2,
        }
    )


def test_a_place_without_a_reason_is_wrong() -> None:
    _, wrong = read_explanations("## timestamp (low)\n\n- `Token.accrue`\n")
    assert wrong == ["no reason is given for timestamp in Token.accrue"]


def test_what_is_explained_and_found_is_right() -> None:
    assert compare(FOUND, read_explanations(PAGE)[0]) == []


def test_a_new_finding_is_named() -> None:
    again = [*FOUND, finding("unused-return", "Logic", "look")]
    assert compare(again, read_explanations(PAGE)[0]) == [
        "new: Low unused-return in Logic.look\nwhy"
    ]


def test_an_explanation_without_its_finding_is_stale() -> None:
    assert compare(FOUND[2:4], read_explanations(PAGE)[0]) == [
        "stale: timestamp in Token.*",
        "stale: unused-return in Logic.look",
    ]


def test_a_finding_inside_a_function_is_the_functions() -> None:
    node = {"type": "node", "name": "x = 1", "type_specific_fields": {"parent": FUNCTION}}
    assert place(node) == place(FUNCTION) == "Logic.look"
