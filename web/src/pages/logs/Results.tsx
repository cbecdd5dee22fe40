// SPDX-License-Identifier: Apache-2.0
// The rows of an answer, and the chart that `render` asks for.
import '../../styles/charts.css';
import { useMemo, useState } from 'react';
import type { LogAnswer, LogTable } from '../../core/api/types.ts';
import { counted, formatCount } from '../../core/text/numbers.ts';
import { download } from '../../ui/download.ts';
import { Grid, type GridColumn } from '../../ui/Grid.tsx';
import { LineChart } from '../../ui/LineChart.tsx';
import { Empty } from '../../ui/Notice.tsx';
import { Tabs } from '../../ui/Tabs.tsx';
import { bars, cellText, sortedRows, tableCsv, tableJson, timeChart } from './results.ts';

const LINES_MAX = 12;
const TIME_CHARTS = new Set(['timechart', 'linechart', 'areachart', 'anomalychart', 'scatterchart']);

export function Results({ answer }: { answer: LogAnswer }) {
  const table = answer.tables[0];
  const kind = answer.render?.visualization ?? 'table';
  const [tab, setTab] = useState<'chart' | 'table'>(kind === 'table' ? 'table' : 'chart');
  if (!table) return <Empty title="The answer has no table." />;
  const seconds = answer.statistics?.query?.executionTime;
  return (
    <section className="card" aria-label="Result">
      <div className="row">
        <span role="status" className="quiet grow">
          {counted(table.rows.length, 'row')}
          {seconds !== undefined && ` in ${Number(seconds.toFixed(3))} s`}
          {answer.error?.message && `. ${answer.error.message}`}
        </span>
        <button type="button" className="button" onClick={() => download('query.csv', tableCsv(table))}>
          Export CSV
        </button>
        <button
          type="button"
          className="button"
          onClick={() => download('query.json', tableJson(table), 'application/json')}
        >
          Export JSON
        </button>
      </div>
      {kind === 'table' ? (
        <Table table={table} />
      ) : (
        <Tabs
          label="Result"
          items={[
            { id: 'chart', label: 'Chart' },
            { id: 'table', label: 'Table' },
          ]}
          chosen={tab}
          onChoose={setTab}
        >
          {tab === 'chart' ? <RenderedChart table={table} kind={kind} /> : <Table table={table} />}
        </Tabs>
      )}
    </section>
  );
}

function RenderedChart({ table, kind }: { table: LogTable; kind: string }) {
  const chart = useMemo(() => (TIME_CHARTS.has(kind) ? timeChart(table) : null), [table, kind]);
  const list = useMemo(() => bars(table), [table]);
  if (chart && chart.time.length > 0) {
    const ownSpan = { from: chart.time[0]!, to: Math.max(chart.time[chart.time.length - 1]!, chart.time[0]! + 1000) };
    return (
      <>
        <LineChart
          name="Result"
          time={chart.time}
          lines={chart.lines.slice(0, LINES_MAX)}
          unit=""
          height={280}
          ownSpan={ownSpan}
        />
        {chart.lines.length > LINES_MAX && (
          <p className="quiet">
            The first {LINES_MAX} of {chart.lines.length} lines.
          </p>
        )}
      </>
    );
  }
  if (!list || list.length === 0) return <Empty title={`These columns make no ${kind}.`} />;
  const most = Math.max(...list.map((bar) => Math.abs(bar.value)), 1e-9);
  return (
    <ul className="stack" style={{ gap: 6, marginTop: 10 }} aria-label={kind}>
      {list.map((bar, i) => (
        <li key={i} className="top5">
          <span className="clip" title={bar.name}>
            {bar.name}
          </span>
          <span className="bar" aria-hidden="true">
            <span style={{ width: `${(100 * Math.abs(bar.value)) / most}%` }} />
          </span>
          <span className="number">{formatCount(bar.value)}</span>
        </li>
      ))}
    </ul>
  );
}

function Table({ table }: { table: LogTable }) {
  const [sort, setSort] = useState('');
  const order = useMemo(() => sortedRows(table, sort), [table, sort]);
  const columns = useMemo<GridColumn[]>(
    () =>
      table.columns.map((column, i) => {
        const longest = Math.max(
          column.name.length + 3,
          ...table.rows.slice(0, 50).map((row) => cellText(row[i]).length),
        );
        return {
          id: `c${column.name}`,
          title: column.name,
          width: Math.min(420, 30 + longest * 7.6),
          isSortable: true,
          isNumber: ['int', 'long', 'real', 'decimal'].includes(column.type),
          render: (row) => (
            <span title={cellText(table.rows[order[row]!]![i])}>{cellText(table.rows[order[row]!]![i])}</span>
          ),
        };
      }),
    [table, order],
  );
  if (table.rows.length === 0) return <Empty title="The query found no rows." />;
  return (
    <Grid
      label="Rows"
      columns={columns}
      count={order.length}
      rowKey={(row) => String(order[row])}
      sort={sort}
      onSort={setSort}
      height="min(480px, 60vh)"
    />
  );
}
