# SPDX-License-Identifier: Apache-2.0
"""Compares an answer with what a case expects: the rules of acceptance, from the project's run_corpus.py.

Column names and order are exact; types by class; rows as a multiset, plus the order of the sort keys where
the case is ordered; reals to 1e-9; datetime and timespan on ticks with slack; dynamic as JSON."""
import json
import math
import re

# ------------------------------------------------------------------ values
ALIAS = {'int64': 'long', 'int32': 'int', 'double': 'real', 'float': 'real', 'boolean': 'bool', 'sbyte': 'bool',
         'date': 'datetime', 'time': 'timespan', 'uuid': 'guid', 'sqldecimal': 'decimal', 'object': 'dynamic',
         'uniqueid': 'guid', 'system.string': 'string'}
TCLASS = {'long': 'int', 'int': 'int', 'real': 'real', 'decimal': 'real'}
def canon_type(t):
    t = str(t or '').strip().lower()
    return ALIAS.get(t, t)
def type_ok(exp, act, mode):
    if mode == 'off' or exp in (None, 'any'): return True
    act = canon_type(act)
    if exp == act: return True
    return mode == 'lax' and TCLASS.get(exp, exp) == TCLASS.get(act, act)

RX_DT = re.compile(r'(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]00:?00)?')
RX_TS = re.compile(r'(-)?(?:(\d+)[.:])?(\d{1,2}):(\d\d):(\d\d)(?:\.(\d{1,9}))?')
def days_from_civil(y, m, d):
    y -= m <= 2
    era = y // 400; yoe = y - era * 400
    doy = (153 * (m + (-3 if m > 2 else 9)) + 2) // 5 + d - 1
    return era * 146097 + yoe * 365 + yoe // 4 - yoe // 100 + doy
def dt_ticks(s):
    m = RX_DT.fullmatch(s.strip()) if isinstance(s, str) else None
    if not m: return None
    y, mo, d, h, mi, se, fr, _ = m.groups()
    sec = days_from_civil(int(y), int(mo), int(d)) * 86400 + int(h or 0) * 3600 + int(mi or 0) * 60 + int(se or 0)
    return sec * 10_000_000 + int(((fr or '') + '0' * 7)[:7])
def ts_ticks(s):
    m = RX_TS.fullmatch(s.strip()) if isinstance(s, str) else None
    if not m: return None
    neg, d, h, mi, se, fr = m.groups()
    v = (int(d or 0) * 86400 + int(h) * 3600 + int(mi) * 60 + int(se)) * 10_000_000 + int(((fr or '') + '0' * 7)[:7])
    return -v if neg else v
def num(v):
    if isinstance(v, bool): return None
    if isinstance(v, (int, float)): return v
    if isinstance(v, str):
        s = v.strip().lower()
        if s in ('nan', 'infinity', '+infinity', '-infinity', 'inf', '-inf', '+inf', '∞', '-∞'):
            return float(s.replace('∞', 'inf').replace('infinity', 'inf'))
    return None

class Opt:
    def __init__(self, rel=1e-9, ticks=9, types='lax'):
        self.rel, self.ticks, self.types = rel, ticks, types

def num_eq(a, b, o):
    if isinstance(a, int) and isinstance(b, int): return a == b
    if math.isnan(a) or math.isnan(b): return math.isnan(a) and math.isnan(b)
    if math.isinf(a) or math.isinf(b): return a == b
    return abs(a - b) <= max(1e-12, o.rel * max(abs(a), abs(b)))

def json_eq(e, a, o, bag=False):
    if e is None: return a is None
    ne, na = num(e), num(a)
    if ne is not None and na is not None and not (isinstance(e, str) and isinstance(a, str) and e == a): return num_eq(ne, na, o)
    if isinstance(e, bool) or isinstance(a, bool): return isinstance(e, bool) and isinstance(a, bool) and e == a
    if isinstance(e, str):
        if not isinstance(a, str): return False
        if e == a: return True
        for f in (dt_ticks, ts_ticks):
            x, y = f(e), f(a)
            if x is not None and y is not None: return abs(x - y) <= o.ticks
        return False
    if isinstance(e, list):
        if not isinstance(a, list) or len(e) != len(a): return False
        if not bag: return all(json_eq(x, y, o) for x, y in zip(e, a))
        rest = list(a)
        for x in e:
            k = next((i for i, y in enumerate(rest) if json_eq(x, y, o)), None)
            if k is None: return False
            rest.pop(k)
        return True
    if isinstance(e, dict):
        return isinstance(a, dict) and e.keys() == a.keys() and all(json_eq(e[k], a[k], o) for k in e)
    return e == a

def cell_eq(e, a, t, o, bag=False):
    if t == 'dynamic':
        if isinstance(a, str) and not (isinstance(e, str) and a == e):
            if e is None and a.strip() in ('', 'null'): return True
            try: a = json.loads(a)
            except ValueError: pass
        return json_eq(e, a, o, bag)
    if t == 'string':
        return isinstance(a, str) and a == (e or '')       # a Kusto string is never null
    if e is None: return a is None
    if a is None: return False
    if t in ('int', 'long'):
        if isinstance(a, str) and re.fullmatch(r'-?\d+', a): a = int(a)
        n = num(a); return n is not None and n == e
    if t == 'real':
        x, y = num(e), num(a); return x is not None and y is not None and num_eq(float(x), float(y), o)
    if t == 'decimal':
        try: return num_eq(float(e), float(a), o)
        except (TypeError, ValueError): return False
    if t == 'bool':
        if isinstance(a, str) and a.lower() in ('true', 'false'): a = a.lower() == 'true'
        return isinstance(a, (bool, int)) and bool(a) == e and a in (0, 1, True, False)
    if t == 'datetime':
        x, y = dt_ticks(e), dt_ticks(a); return y is not None and abs(x - y) <= o.ticks
    if t == 'timespan':
        x, y = ts_ticks(e), ts_ticks(a); return y is not None and abs(x - y) <= o.ticks
    if t == 'guid': return isinstance(a, str) and a.lower() == e
    return json_eq(e, a, o)

def compare_case(case, names, types, rows, rel=1e-9, ticks=9, types_mode='lax'):
    """-> (ok, reason)"""
    o = Opt(rel, ticks, types_mode)
    if case.get('compare') == 'runs': return True, ''
    en = [c['name'] for c in case['columns']]; et = [c['type'] for c in case['columns']]
    if case.get('any_column_order') and sorted(en) == sorted(names) and len(set(en)) == len(en):
        idx = [names.index(n) for n in en]
        names = [names[i] for i in idx]; types = [types[i] for i in idx]; rows = [[r[i] for i in idx] for r in rows]
    if case.get('columns_at_least'):
        miss = [n for n in en if n not in names]
        if miss: return False, f'columns missing: {miss}'
        types = [types[names.index(n)] for n in en]; names = en
    if en != names: return False, f'columns: expected {en}, got {names}'
    bad = [f'{n}: expected {e}, got {a}' for n, e, a in zip(en, et, types) if not type_ok(e, a, o.types)]
    if bad: return False, 'column type: ' + '; '.join(bad)
    if case.get('compare') == 'columns': return True, ''
    res = match_rows(case, case['rows'], en, et, rows, o)
    for alt in case.get('alternatives', []):
        if res[0]: break
        ok = match_rows(case, alt, en, et, rows, o)
        if ok[0]: res = ok
    return res

def match_rows(case, exp, en, et, rows, o):
    if len(exp) != len(rows): return False, f'row count: expected {len(exp)}, got {len(rows)}' + first(rows)
    if case.get('compare') == 'shape': return True, ''
    if any(len(r) != len(en) for r in rows): return False, 'ragged row'
    bags = set(case.get('unordered_arrays', []))
    skip = set(case.get('ignore_columns', []))
    req = lambda e, a: all(n in skip or cell_eq(x, y, t, o, n in bags) for x, y, t, n in zip(e, a, et, en))
    rest = list(rows)
    for e in exp:
        k = next((i for i, r in enumerate(rest) if req(e, r)), None)
        if k is None: return False, f'row not returned: {json.dumps(e, ensure_ascii=False)[:300]}' + first(rest)
        rest.pop(k)
    if case.get('ordered'):
        ks = [en.index(k) for k in case['order_keys']]
        for i, (e, r) in enumerate(zip(exp, rows)):
            for k in ks:
                if not cell_eq(e[k], r[k], et[k], o, en[k] in bags):
                    return False, f'order: row {i} key {en[k]} expected {e[k]!r}, got {r[k]!r}'
    return True, ''
def first(rows): return f'; got {json.dumps(rows[0], ensure_ascii=False)[:300]}' if rows else ''
