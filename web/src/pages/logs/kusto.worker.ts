// SPDX-License-Identifier: Apache-2.0
// Runs inside the worker. The service's files make globals, so they are imported as scripts, not as modules.
import bridgeUrl from '@kusto/language-service-next/bridge.min.js?url';
import languageUrl from '@kusto/language-service-next/Kusto.Language.Bridge.min.js?url';
import type { Suggestion } from '../../core/kql/complete.ts';
import type { Vocabulary } from '../../core/kql/words.ts';
import type { KustoRequest } from './kusto.ts';

// The service comes without usable types for a worker; only the few calls below touch it.
type Any = any;
declare const self: {
  onmessage: (event: { data: KustoRequest }) => void;
  postMessage(message: unknown): void;
} & Record<string, Any>;
declare function importScripts(...urls: string[]): void;

let globals: Any = null;

function load(): Any {
  if (!self['Kusto']) importScripts(bridgeUrl, languageUrl);
  return self['Kusto'];
}

/** The bridge's lists have Count and getItem. */
function listOf(list: Any): Any[] {
  if (!list) return [];
  if (Array.isArray(list)) return list;
  const count =
    list.Count ??
    list.getCount?.() ??
    list.System$Collections$Generic$IReadOnlyCollection$1$Kusto$Language$Diagnostic$Count ??
    0;
  return Array.from({ length: count }, (_, i) => list.getItem(i));
}

function scalarType(Kusto: Any, name: string): Any {
  const types = Kusto.Language.Symbols.ScalarTypes;
  const found: Record<string, string> = {
    datetime: 'DateTime',
    timespan: 'TimeSpan',
    int: 'Int',
    long: 'Long',
    real: 'Real',
    bool: 'Bool',
    guid: 'Guid',
    dynamic: 'Dynamic',
    decimal: 'Decimal',
    string: 'String',
  };
  return types[found[name] ?? 'String'];
}

function setSchema(vocabulary: Vocabulary): true {
  const Kusto = load();
  const { TableSymbol, ColumnSymbol, DatabaseSymbol } = Kusto.Language.Symbols;
  const tables = vocabulary.tables.map(
    (table) =>
      new TableSymbol.$ctor4(
        table.name,
        table.columns.map((column) => new ColumnSymbol(column.name, scalarType(Kusto, column.type))),
      ),
  );
  globals = Kusto.Language.GlobalState.Default.WithDatabase(new DatabaseSymbol.$ctor1('logs', tables));
  return true;
}

const KINDS: Record<string, Suggestion['kind']> = {
  column: 'column',
  table: 'table',
  variable: 'name',
  parameter: 'name',
  queryprefix: 'operator',
  tabularprefix: 'operator',
  scalarprefix: 'operator',
  keyword: 'operator',
};

/** The name of a completion's kind, in lower case: the bridge's enums map names to numbers only. */
function kindOf(Kusto: Any, kind: number): Suggestion['kind'] {
  const entry = Object.entries(Kusto.Language.Editor.CompletionKind as Record<string, unknown>).find(
    ([, value]) => value === kind,
  );
  return KINDS[entry?.[0].toLowerCase() ?? ''] ?? 'function';
}

function complete(query: string, position: number): { from: number; items: Suggestion[] } | null {
  const Kusto = load();
  const service = new Kusto.Language.Editor.KustoCodeService.$ctor1(query, globals);
  const found = service.GetCompletionItems(position);
  const items = listOf(found.Items).map((item) => ({
    label: String(item.MatchText ?? item.DisplayText),
    kind: kindOf(Kusto, item.Kind),
    detail: item.DisplayText === item.MatchText ? '' : String(item.DisplayText),
  }));
  return { from: found.EditStart, items };
}

function check(query: string): { from: number; to: number; message: string }[] {
  const Kusto = load();
  const service = new Kusto.Language.Editor.KustoCodeService.$ctor1(query, globals);
  return listOf(service.GetDiagnostics(true)).map((each) => ({
    from: each.Start,
    to: each.Start + each.Length,
    message: String(each.Message),
  }));
}

function answer(request: KustoRequest): unknown {
  if (request.kind === 'schema') return setSchema(request.vocabulary);
  if (!globals || request.query.trim() === '') return null;
  return request.kind === 'complete' ? complete(request.query, request.position) : check(request.query);
}

self.onmessage = ({ data }) => {
  let result: unknown = null;
  try {
    result = answer(data);
  } catch (error) {
    // The editor does without; the server's word on a query counts anyway.
    result = null;
    self.postMessage({ id: -1, answer: String(error) });
  }
  self.postMessage({ id: data.id, answer: result });
};
