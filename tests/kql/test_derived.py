#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Columns that follow from a key of the row are computed late (src/kql/derive.h): behind limits, once for each
group, as keys to look for. That must make no difference: each query here runs twice on a linewatch-store of this
test, once over a table that says what its columns follow from, and once over the same table without that."""

import argparse
import sys

from runner import Engine, Translator
from test_corpus import Store

# (query, what the SQL of the late one must contain, and must not)
QUERIES = [
    # Rows chosen by what is looked up: keys are chosen at the table, and nothing is joined.
    ("Rows | where Name == 'name1' | summarize count()", "WHERE 1 AND (t IN (", "JOIN"),
    ("Rows | where Name != 'name1' | summarize count(), sum(Number)", "WHERE 1 AND (t IN (", "JOIN"),
    ("Rows | where Kind == '' | summarize count()", "WHERE 1 AND (t IN (", "JOIN"),
    ("Rows | where isempty(Name) | count", "WHERE 1 AND (t IN (", "JOIN"),
    ("Rows | where Name in ('name0', 'name3') and Number > 100 and Kind != 'x' | count", "t IN (", "JOIN"),
    ("Rows | where Name == 'f.kind' or Name has 'name2' | count", "t IN (", "JOIN"),
    ("Rows | where Name == 'name1' or Number < 10 | count", "", ""),
    ("Rows | where Size > 20 | summarize sum(Size)", "t IN (", ""),
    ("Rows | where not(Size > 20) | count", "", ""),
    ("Rows | where Id == '3' | count", "", ""),
    ("Rows | where Name in ((Rows | where Size == 30 | project Name)) | count", "", ""),
    ("Rows | extend Label = strcat(Name, '/', Kind) | where Label == 'name2/even' | count", "t IN (", ""),
    ("Rows | extend Name = 'x' | where Name == 'x' | count", "", "JOIN"),
    ("Rows | take 3000 | where Name == 'name1' | count", "", ""),
    ("Rows | top 10 by Number | where Name == 'name1' | project Number", "", ""),
    ("Rows | extend N = strcat(Name, new_guid()) | summarize dcount(N)", "", ""),
    # States by number.
    ("Rows | where State == 'Fail' | count", "IN (2)", "transform"),
    ("Rows | where State != 'Fail' | count", "NOT IN (2)", "transform"),
    ("Rows | where State == 'fail' | count", "", "transform"),
    ("Rows | where State =~ 'FAIL' | count", "IN (2)", "transform"),
    ("Rows | where State !~ 'FAIL' | count", "NOT IN (2)", "transform"),
    ("Rows | where State in ('Fail', 'Pass', 'no') | count", "IN (2, 0)", "transform"),
    ("Rows | where State !in ('Fail', 'Pass') | count", "NOT IN (2, 0)", "transform"),
    ("Rows | where State in~ ('FAIL') | count", "IN (2)", "transform"),
    ("Rows | where State == '' | count", "transform", ""),
    ("Rows | where State in ('', 'Fail') | count", "transform", ""),
    ("Rows | summarize countif(State == 'Pass'), countif(State == 'Fail') by Kind", "IN (2)", "transform"),
    ("Rows | extend State = strcat(State, '') | where State == 'Fail' | count", "transform", ""),
    ("Rows | summarize count() by State | where State == 'Fail'", "transform", ""),
    ("Rows | project S = State, Number | where S == 'Fail' | count", "IN (2)", "transform"),
    ("Rows | where State has 'ar' | count", "", ""),
    # Groups.
    ("Rows | summarize count() by State", "countMerge", ""),
    ("Rows | summarize count(), sum(Number), avg(Value), min(Value), max(Number) by Name", "sumMerge", ""),
    ("Rows | summarize stdev(Value), variance(Number), dcount(Number % 10) by Name, Kind", "Merge", ""),
    ("Rows | summarize percentiles(Value, 5, 50, 95), percentile(Number, 99) by Name", "quantilesExact(", "Merge"),
    ("Rows | summarize percentiles(Number, 1, 50, 99, 100), percentile(Number, 0) by Number % 21 == 0", "quantilesExact(", ""),
    ("Rows | summarize sumif(Number, Value > 10), avgif(Value, Number < 7), minif(Number, Number > 5000) by Kind", "sumIfMerge", ""),
    ("Rows | summarize count() by Name, State, bin(Time, 1h)", "countMerge", ""),
    ("Rows | summarize count() by Name, bin(Time, 1m)", "", "countMerge"),
    ("Rows | summarize count() by Name, Number % 2 == 0", "countMerge", ""),
    ("Rows | summarize count() by Name, Number % 100", "", "countMerge"),
    ("Rows | summarize count() by strcat(Name, '-', Kind)", "countMerge", ""),
    ("Rows | summarize count() by Id, Name", "countMerge", ""),
    ("Rows | summarize count() by iff(State == 'Pass', 'good', 'bad')", "", ""),
    ("Rows | summarize take_any(Kind) by Name | summarize dcount(Name)", "", ""),
    ("Rows | distinct Name, Kind", "", "count"),
    ("Rows | distinct Kind, State", "", ""),
    ("Rows | summarize dcount(Name), dcount(Kind), count()", "uniqExact", ""),
    ("Rows | summarize dcount(Name), sum(Number) by bin(Time, 12h)", "sumMerge", ""),
    ("Rows | summarize make_set(Name) by Kind | project Kind, array_sort_asc(set_Name)", "", ""),
    ("Rows | summarize n = array_length(make_list(Name)) by Kind", "", ""),
    ("Rows | summarize max(Name), min(Kind) by State", "", ""),
    ("Rows | summarize sum(Size), count() by Kind", "", ""),
    ("Rows | summarize countif(Name == 'name1') by State", "", ""),
    ("Rows | summarize by Name | count", "", ""),
    ("Rows | summarize 100.0 * countif(State == 'Pass') / count() by Name | top 3 by Name", "", ""),
    ("Rows | where Number > 100000 | summarize count(), arg_max(Number, Name)", "", ""),
    ("Rows | where Number > 100000 | summarize count() by Name", "", ""),
    ("Rows | summarize a = count() by Name | summarize b = sum(a)", "", ""),
    ("Rows | summarize hourly = count() by bin(Time, 1h), Name | summarize max(hourly) by Name", "", ""),
    # A row's values: the key is kept, what follows from it is found afterwards.
    ("Rows | summarize arg_max(Number, Name, Kind, State, Value) by Id", "argMaxMerge", ""),
    ("Rows | summarize arg_max(Number, Name, State) by Kind", "argMaxMerge", ""),
    ("Rows | summarize arg_max(Number, *) by Name", "argMaxMerge", ""),
    ("Rows | summarize arg_max(Number, *)", "argMax", ""),
    ("Rows | summarize arg_max(Number, *) by State", "argMaxMerge", ""),
    ("Rows | summarize arg_max(Number, Value, Size, Name) by bin(Time, 5m)", "argMax", ""),
    ("Rows | summarize arg_max(Name, Number) by State", "argMax", ""),
    ("Rows | summarize arg_max(Time, Value, strcat(Kind, ',(', Name)) by Number % 3 == 0", "argMax", ""),
    ("Rows | summarize arg_min(Number, strcat(Name, State), Size) by bin(Time, 6h)", "argMin", ""),
    ("Rows | summarize arg_max(Value, Name) by State", "argMaxMerge", ""),
    ("Rows | summarize arg_max(Number, Name), count() by State | project State, Name, count_", "", ""),
    ("Rows | summarize arg_max(Number, *) by Name | project Name, Value", "", ""),
    # Rows as they are.
    ("Rows | top 10 by Number | project Number, Name, State", "LIMIT 10) AS r LEFT ANY JOIN", ""),
    ("Rows | project Number, Name, Kind | top 10 by Number", "LIMIT 10) AS r LEFT ANY JOIN", ""),
    ("Rows | top 10 by Name desc, Number asc | project Number, Name", "", ""),
    ("Rows | sort by Number asc | take 20 | extend x = strlen(Name) | project Number, x", "", ""),
    ("Rows | where Number < 50 | project Number, Name, State, Size", "", ""),
    ("Rows | where Number < 50 | extend n = toupper(Name), m = Number + Size | project Number, n, m", "", ""),
    ("Rows | where Number < 20 | sort by Number asc | extend p = prev(Name) | project Number, p, Name", "", ""),
    ("Rows | where Number < 30 | sort by Number asc | serialize r = row_number() | project r, Name", "", ""),
    # What stands between.
    ("Rows | where Number < 40 | join kind=inner (Rows | where Number < 9 | project Name, B = Number) on Name | summarize count() by Name, State", "", ""),
    ("Rows | where Number < 20 | project Name, Number | join kind=leftouter (Rows | where Number < 4 | project Name, Kind) on Name | count", "", ""),
    ("union (Rows | where Number < 5 | project Name, State), (Rows | where Kind == 'even' | project Name, State) | summarize count() by Name, State", "", ""),
    ("Rows | make-series count() on Time from datetime(2022-09-28) to datetime(2022-10-05) step 1d by Name", "", ""),
    ("Rows | where Number < 12 | extend L = pack_array(Name, State) | mv-expand L to typeof(string) | summarize count() by L", "", ""),
    ("Rows | top-nested 2 of Name by sum(Number), top-nested 1 of State by count()", "", ""),
    ("let t = Rows | where Kind == 'even'; t | summarize count() by Name | where Name in ((t | distinct Name))", "", ""),
    ("Rows | summarize arg_max(Number, State) by Name | summarize count() by State", "", ""),
    ("Rows | partition by Kind (top 2 by Number | project Number, Name, Kind)", "", ""),
    ("Rows | where Name startswith 'name' | summarize make_list(State, 3) by Name | project Name, n = array_length(list_State)", "", ""),
    ("Rows | evaluate narrow() | count", "", ""),
    ("Rows | extend r = new_guid(), N = Name | summarize dcount(r) by N", "", ""),
    ("search in (Rows) 'name3' | count", "", ""),
    ("Rows | summarize count() by Size", "", ""),
    ("Rows | summarize count() by isnull(Size), Kind", "", ""),
    ("Rows | summarize count(), take_any(Name) by Id", "", ""),
]


def rows_of(translator, engine, query, form):
    request = {"query": query, "answers": {}, "derived": form}
    for _ in range(4):
        answer = translator.ask(request)
        if answer is None or "diagnostics" in answer:
            return None, f"refused: {answer}", None
        rows, failure = engine.rows(answer["sql"])
        if failure:
            return None, f"{failure}\n{answer['plan']}", None
        if not answer["question"]:
            return answer["plan"], rows, answer["columns"]
        request["answers"][answer["question"]] = [[str(cell) for cell in row] for row in rows]
    return None, "too many questions", None


def judge(translator, engine, query, wanted, unwanted):
    """What is wrong, or None."""
    sql, late, columns = rows_of(translator, engine, query, "late")
    if sql is None:
        return late
    plain_sql, plain, plain_columns = rows_of(translator, engine, query, "plain")
    if plain_sql is None:
        return plain
    if columns != plain_columns:
        return f"columns {columns}, {plain_columns} expected"
    if sorted(map(repr, late)) != sorted(map(repr, plain)):
        return f"{late[:5]} …, {plain[:5]} expected\n{sql}"
    if wanted not in sql or (unwanted and unwanted in sql):
        return f"has {wanted!r}, and not {unwanted!r}, was expected of\n{sql}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--translate", required=True, help="the program kql_translate")
    parser.add_argument("--store", required=True, help="the program linewatch-store")
    options = parser.parse_args()
    translator = Translator(options.translate)
    faults = 0
    with Store(options.store) as store:
        engine = Engine(store.url, "linewatch", store.password, translator.settings)
        for query, wanted, unwanted in QUERIES:
            fault = judge(translator, engine, query, wanted, unwanted)
            faults += fault is not None
            if fault:
                print(f"{query}\n  {fault}\n")
    translator.close()
    print(f"{len(QUERIES) - faults} of {len(QUERIES)} queries hold")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
