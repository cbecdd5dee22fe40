// SPDX-License-Identifier: Apache-2.0
// A stand-in for the query service: knows one table and the last operator of a query, no KQL.
import { standing } from './conditions.mjs';
import { protocolOf } from './world.mjs';

const COLUMNS = [
  ['TimeGenerated', 'datetime'],
  ['TestResult', 'string'],
  ['SourceName', 'string'],
  ['DestinationName', 'string'],
  ['Protocol', 'string'],
  ['ChecksFailed', 'int'],
  ['AvgRoundTripTimeMs', 'real'],
];

export function schema() {
  return {
    tables: [
      { name: 'NWConnectionMonitorTestResult', columns: COLUMNS.map(([name, type]) => ({ name, type })) },
      {
        name: 'Heartbeat',
        columns: [
          { name: 'TimeGenerated', type: 'datetime' },
          { name: 'Computer', type: 'string' },
        ],
      },
    ],
  };
}

export function capabilities() {
  return {
    operators: [
      'where',
      'summarize',
      'project',
      'extend',
      'take',
      'order',
      'top',
      'count',
      'distinct',
      'join',
      'render',
    ],
    functions: ['ago', 'now', 'bin', 'count', 'avg', 'max', 'min', 'countif', 'percentile', 'startswith'],
    aggregates: ['count', 'avg', 'max', 'min', 'sum', 'dcount'],
  };
}

export function runQuery(query, tests, now) {
  const table = /^\s*(\w+)/.exec(query)?.[1];
  if (!schema().tables.some((each) => each.name === table))
    return { fault: `'where' operator: Failed to resolve table or column expression named '${table ?? ''}'` };
  const limit = Number(/\btake\s+(\d+)/.exec(query)?.[1] ?? 200);
  if (/\brender\b/.test(query)) {
    const rows = Array.from({ length: 48 }, (_, i) => {
      const t = now - (48 - i) * 300_000;
      return [new Date(t).toISOString(), standing(tests[1], t).rtt || null];
    });
    return {
      tables: [
        {
          name: 'PrimaryResult',
          columns: [
            { name: 'TimeGenerated', type: 'datetime' },
            { name: 'avg_AvgRoundTripTimeMs', type: 'real' },
          ],
          rows,
        },
      ],
      render: { visualization: 'timechart' },
    };
  }
  const rows = tests.slice(0, limit).map((test) => {
    const each = standing(test, now);
    return [
      new Date(now).toISOString(),
      ['Pass', 'Warning', 'Fail', 'Indeterminate', 'NotRunning'][each.state],
      test.source,
      test.destination,
      protocolOf(test.document),
      Math.round((each.failedPercent || 0) / 10),
      Number.isFinite(each.rtt) ? each.rtt : null,
    ];
  });
  return { tables: [{ name: 'PrimaryResult', columns: COLUMNS.map(([name, type]) => ({ name, type })), rows }] };
}
