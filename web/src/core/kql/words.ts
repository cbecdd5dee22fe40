// SPDX-License-Identifier: Apache-2.0
// What the server can answer: tables with columns, operators and functions. Lists of names and lists of
// objects with a name are read alike.

export interface LogColumn {
  readonly name: string;
  readonly type: string;
  readonly description: string;
}
export interface LogTableWords {
  readonly name: string;
  readonly description: string;
  readonly columns: readonly LogColumn[];
}
export interface FunctionWords {
  readonly name: string;
  readonly parameters: string;
}
export interface Vocabulary {
  readonly tables: readonly LogTableWords[];
  readonly operators: readonly string[];
  readonly functions: readonly FunctionWords[];
}

type Raw = Record<string, unknown>;
const listOf = (raw: unknown, key: string): unknown[] => {
  const list = (raw as Raw | null | undefined)?.[key];
  return Array.isArray(list) ? list : [];
};
const text = (raw: unknown, key: string): string => {
  const value = (raw as Raw)[key];
  return typeof value === 'string' ? value : '';
};
const nameOf = (raw: unknown): string => (typeof raw === 'string' ? raw : text(raw, 'name'));

function functionOf(raw: unknown): FunctionWords {
  if (typeof raw === 'string') return { name: raw, parameters: '' };
  const parameters = (raw as Raw)['parameters'];
  return {
    name: nameOf(raw),
    parameters: Array.isArray(parameters)
      ? parameters.map((each) => (typeof each === 'string' ? each : nameOf(each))).join(', ')
      : typeof parameters === 'string'
        ? parameters
        : '',
  };
}

export function readVocabulary(schema: unknown, capabilities: unknown): Vocabulary {
  const tables = listOf(schema, 'tables').map((table) => ({
    name: nameOf(table),
    description: text(table, 'description'),
    columns: listOf(table, 'columns').map((column) => ({
      name: nameOf(column),
      type: text(column, 'type'),
      description: text(column, 'description'),
    })),
  }));
  const functions = new Map<string, FunctionWords>();
  for (const raw of [...listOf(capabilities, 'functions'), ...listOf(capabilities, 'aggregates')])
    functions.set(nameOf(raw), functionOf(raw));
  return { tables, operators: listOf(capabilities, 'operators').map(nameOf), functions: [...functions.values()] };
}
