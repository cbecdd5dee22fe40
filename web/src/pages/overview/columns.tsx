// SPDX-License-Identifier: Apache-2.0
// The columns of a table of tests.
import type { MouseEvent } from 'react';
import { hexId, wordAt, type Snapshot } from '../../core/api/snapshot.ts';
import type { TestRow } from '../../core/api/types.ts';
import { formatMs, formatPercent } from '../../core/text/numbers.ts';
import { protocolText, testName } from '../../core/text/tests.ts';
import { formatLength } from '../../core/time/format.ts';
import type { Search } from '../../core/url/search.ts';
import { Go } from '../../app/search.tsx';
import { AlertAt } from '../../ui/AlertMark.tsx';
import type { GridColumn } from '../../ui/Grid.tsx';
import { Mini } from '../../ui/Mini.tsx';
import { StateAt } from '../../ui/StateTag.tsx';
import { reasonText } from './reasonText.ts';

export interface TestColumnContext {
  snapshot: Snapshot;
  /** The snapshot's row of a table's row. */
  rowOf: (row: number) => number;
  details: (id: string) => TestRow | undefined;
  explain: (row: number, anchor: DOMRect) => void;
  time: (ms: number | null) => string;
  isSelected?: (row: number) => boolean;
  onSelect?: (row: number, isRange: boolean) => void;
}

export function selectColumn(context: TestColumnContext): GridColumn {
  return {
    id: 'select',
    title: '',
    width: 34,
    isTight: true,
    render: (row) => (
      <input
        type="checkbox"
        tabIndex={-1}
        style={{ width: 18, height: 18 }}
        aria-label={`Select ${testName(context.snapshot, context.rowOf(row))}`}
        checked={context.isSelected?.(row) ?? false}
        onChange={(event) => context.onSelect?.(row, (event.nativeEvent as unknown as MouseEvent).shiftKey)}
      />
    ),
  };
}

export function ReasonButton({ text, onExplain }: { text: string; onExplain: (anchor: DOMRect) => void }) {
  if (text === '') return <span className="quiet">–</span>;
  return (
    <button
      type="button"
      tabIndex={-1}
      className="reason-button"
      title={text}
      onClick={(event) => onExplain(event.currentTarget.getBoundingClientRect())}
    >
      {text}
    </button>
  );
}

/** The gravest alert that fires, and the way to it. */
export function alertColumn(codeOf: (row: number) => number, searchOf: (row: number) => Search): GridColumn {
  return {
    id: 'alert',
    isOnCard: true,
    title: 'Alert',
    width: 74,
    isSortable: true,
    render: (row) =>
      codeOf(row) > 0 && (
        <Go to="/alerts" search={searchOf(row)} tabIndex={-1} className="quiet-link">
          <AlertAt code={codeOf(row)} />
        </Go>
      ),
  };
}

export function testColumns(context: TestColumnContext): GridColumn[] {
  const { snapshot, rowOf, details } = context;
  const number = (
    id: 'checksFailedPercent' | 'rttMs' | 'jitterMs',
    title: string,
    format: (value: number) => string,
    width: number,
  ): GridColumn => ({
    id,
    title,
    width,
    isNumber: true,
    isSortable: true,
    render: (row) => format(snapshot[id][rowOf(row)]!),
  });
  const word = (
    id: 'source' | 'destination' | 'configuration' | 'group',
    title: string,
    width: number,
  ): GridColumn => ({
    id,
    title,
    width,
    isSortable: true,
    render: (row) => <span title={wordAt(snapshot[id], rowOf(row)) ?? ''}>{wordAt(snapshot[id], rowOf(row))}</span>,
  });
  const detail = (row: number) => details(hexId(snapshot.id[rowOf(row)]!));
  return [
    ...(context.onSelect ? [selectColumn(context)] : []),
    {
      id: 'state',
      isOnCard: true,
      title: 'State',
      width: 138,
      isSortable: true,
      render: (row) => <StateAt index={snapshot.state[rowOf(row)]!} />,
    },
    alertColumn(
      (row) => snapshot.alert[rowOf(row)]!,
      (row) => ({ sel: [hexId(snapshot.id[rowOf(row)]!)] }),
    ),
    {
      id: 'test',
      isOnCard: true,
      title: 'Test',
      width: 310,
      isSortable: true,
      render: (row) => (
        <Go
          to="/tests/$id"
          params={{ id: hexId(snapshot.id[rowOf(row)]!) }}
          tabIndex={-1}
          title={testName(snapshot, rowOf(row))}
        >
          {testName(snapshot, rowOf(row))}
        </Go>
      ),
    },
    {
      id: 'reasonCode',
      isOnCard: true,
      title: 'Reason',
      width: 280,
      isSortable: true,
      render: (row) => (
        <ReasonButton
          text={reasonText(snapshot, rowOf(row), detail(row))}
          onExplain={(anchor) => context.explain(row, anchor)}
        />
      ),
    },
    { ...number('checksFailedPercent', 'Checks failed', formatPercent, 116), isOnCard: true },
    {
      id: 'loss',
      title: 'Loss in range',
      width: 120,
      isTight: true,
      render: (row) => <Mini kind="loss" values={detail(row)?.checksFailedPercent} width={108} />,
    },
    { ...number('rttMs', 'RTT', formatMs, 84), isOnCard: true },
    {
      id: 'trend',
      title: 'RTT in range',
      width: 130,
      isTight: true,
      render: (row) => <Mini kind="line" values={detail(row)?.rttMs} width={116} />,
    },
    word('source', 'Source', 140),
    word('destination', 'Destination', 180),
    {
      id: 'protocol',
      title: 'Protocol',
      width: 92,
      isSortable: true,
      render: (row) => protocolText(wordAt(snapshot.protocol, rowOf(row)), snapshot.port[rowOf(row)]),
    },
    word('configuration', 'Test configuration', 140),
    number('jitterMs', 'Jitter', formatMs, 84),
    {
      id: 'monitor',
      title: 'Connection monitor',
      width: 170,
      isSortable: true,
      render: (row) => (
        <Go to="/monitors/$name" params={{ name: wordAt(snapshot.monitor, rowOf(row)) ?? '' }} tabIndex={-1}>
          {wordAt(snapshot.monitor, rowOf(row))}
        </Go>
      ),
    },
    word('group', 'Test group', 130),
    {
      id: 'since',
      title: 'Since',
      width: 130,
      isSortable: true,
      render: (row) => (
        <span title={context.time(snapshot.since[rowOf(row)]!)}>
          {formatLength(snapshot.at - snapshot.since[rowOf(row)]!)}
        </span>
      ),
    },
  ];
}
