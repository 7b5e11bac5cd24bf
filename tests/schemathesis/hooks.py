"""Hands in what exists, so that calls get further than a 404, and leaves out what no schema can rule out."""

import json
import os
import re

import schemathesis
from hypothesis import strategies as st

# By the name of the path's parameter: what the test has entered.
EXISTING = json.loads(os.environ["EXISTING"])

WELL_FORMED = re.compile(r"(-?[0-9]{1,15}-[0-9]{1,18}-[0-9a-f]{8})?")


def some_that_exist(values):
    """The values as they are, or with what exists in place of some."""
    known = [name for name in EXISTING if name in values] if isinstance(values, dict) else []
    if not known:
        return st.just(values)
    chosen = st.fixed_dictionaries({name: st.sampled_from(EXISTING[name]) for name in known})
    return st.one_of(st.just(values), chosen.map(lambda existing: {**values, **existing}))


@schemathesis.hook
def flatmap_path_parameters(ctx, path_parameters):
    return some_that_exist(path_parameters)


@schemathesis.hook
def flatmap_body(ctx, body):
    return some_that_exist(body)


@schemathesis.hook
def map_query(ctx, query):
    # A cursor is good for the list that it came with: one that is made up is refused, however well-formed.
    query = query or {}
    return {name: value for name, value in query.items() if name != "cursor" or not WELL_FORMED.fullmatch(str(value))}


def is_blank(value):
    """Whether nothing of a value is left in a URL: an empty list or object has no text."""
    if isinstance(value, dict):
        value = list(value.values())
    return value == "" or (isinstance(value, list) and all(is_blank(one) for one in value))


@schemathesis.hook
def filter_query(ctx, query):
    # A blank parameter is absent.
    return not any(is_blank(value) for value in (query or {}).values())
