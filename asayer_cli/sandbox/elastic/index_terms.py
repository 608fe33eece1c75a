"""The terms aggregation on `_index`, which noida-db leaves empty: asked for as a filter for each index, and put back.

It works at any depth, with sub-aggregations. Of its options `size`, `min_doc_count` and an `order` by `_count` or
`_key` are understood; others are refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asayer_cli.sandbox.elastic.errors import illegal_argument

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_OPTIONS: Final = frozenset({"field", "size", "order", "min_doc_count", "shard_size"})
_SIZE: Final = 10


def split_by_index(body: Mapping[str, object], indices: Sequence[str]) -> dict[str, object]:
    """Return a search body in which each terms aggregation on `_index` is a filter for each of `indices`."""
    name = "aggregations" if "aggregations" in body else "aggs"
    aggregations = _mapping(body.get(name))
    if not aggregations:
        return dict(body)
    return {**body, name: {key: _split(_mapping(spec), indices) for key, spec in aggregations.items()}}


def merge_by_index(body: Mapping[str, object], answer: dict[str, object]) -> None:
    """Put terms buckets in the place of the filters' in the answer to `body` (as it was before `split_by_index`)."""
    _merge(_sub_aggregations(body), _mapping(answer.get("aggregations")))


def _split(spec: Mapping[str, object], indices: Sequence[str]) -> dict[str, object]:
    inner = split_by_index(spec, indices)
    terms = _index_terms(spec)
    if terms is None:
        return inner
    unknown = terms.keys() - _OPTIONS
    if unknown:
        raise illegal_argument(f"the sandbox does not know {sorted(unknown)} in a terms aggregation on [_index]")
    del inner["terms"]
    return {**inner, "filters": {"filters": {index: {"term": {"_index": index}} for index in indices}}}


def _merge(specs: Mapping[str, object], answers: Mapping[str, object]) -> None:
    for name, spec in specs.items():
        answer = answers.get(name)
        if not isinstance(answer, dict):
            continue
        for bucket in _buckets(answer):
            _merge(_sub_aggregations(_mapping(spec)), bucket)
        terms = _index_terms(_mapping(spec))
        if terms is not None:
            _to_terms(answer, terms)


def _to_terms(answer: dict[str, object], terms: Mapping[str, object]) -> None:
    least, size = _number(terms, "min_doc_count", 1), _number(terms, "size", _SIZE)
    buckets = [{"key": key, **_mapping(bucket)} for key, bucket in _mapping(answer["buckets"]).items()]
    buckets = [bucket for bucket in buckets if _count(bucket) >= least]
    key, descending = _order(terms.get("order", {"_count": "desc"}))
    buckets.sort(key=lambda bucket: str(bucket["key"]))
    buckets.sort(key=key, reverse=descending)
    others = sum(_count(bucket) for bucket in buckets[size:])
    answer.update(buckets=buckets[:size], doc_count_error_upper_bound=0, sum_other_doc_count=others)


def _order(order: object) -> tuple[Callable[[Mapping[str, object]], int | str], bool]:
    if isinstance(order, dict) and len(order) == 1:
        ((by, direction),) = order.items()
        if by == "_count":
            return _count, direction == "desc"
        if by in ("_key", "_term"):
            return (lambda bucket: str(bucket["key"])), direction == "desc"
    raise illegal_argument("the sandbox orders a terms aggregation on [_index] by [_count] or [_key] only")


def _index_terms(spec: Mapping[str, object]) -> Mapping[str, object] | None:
    terms = spec.get("terms")
    return terms if isinstance(terms, dict) and terms.get("field") == "_index" else None


def _sub_aggregations(spec: Mapping[str, object]) -> Mapping[str, object]:
    return _mapping(spec.get("aggregations", spec.get("aggs")))


def _buckets(answer: dict[str, object]) -> list[Mapping[str, object]]:
    """Return what holds an aggregation's sub-aggregations: its buckets, or itself where it has none."""
    buckets = answer.get("buckets", [answer])
    values = list(buckets.values()) if isinstance(buckets, dict) else buckets
    return [_mapping(bucket) for bucket in values] if isinstance(values, list) else []


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _number(terms: Mapping[str, object], name: str, default: int) -> int:
    value = terms.get(name, default)
    if not isinstance(value, int) or value < 0:
        raise illegal_argument(f"[{name}] must be a number that is not negative, but was [{value}]")
    return value


def _count(bucket: Mapping[str, object]) -> int:
    count = bucket["doc_count"]
    return count if isinstance(count, int) else 0
