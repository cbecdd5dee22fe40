// SPDX-License-Identifier: Apache-2.0
// Logs: a KQL query, its rows, its chart. The query is in the URL once it has run, so a link runs it again.
import { useMutation, useQuery } from '@tanstack/react-query';
import '../../styles/logs.css';
import { useEffect, useMemo, useRef, useState } from 'react';
import { ApiError } from '../../core/api/client.ts';
import { getLogCapabilities, getLogSchema, queryLogs } from '../../core/api/endpoints.ts';
import { readVocabulary, type Vocabulary } from '../../core/kql/words.ts';
import { setUrl, useUrl } from '../../app/search.tsx';
import { useSession } from '../../app/session.tsx';
import { share } from '../../app/share.ts';
import { Failure, Loading } from '../../ui/Notice.tsx';
import { Popover } from '../../ui/Popover.tsx';
import { usePage } from '../../ui/usePage.ts';
import { makeEditor, type QueryEditor } from './editor.ts';
import { startKusto, type KustoService } from './kusto.ts';
import { Results } from './Results.tsx';
import { recentQueries, remember, savedQueries, saveQuery } from './remembered.ts';

const FIRST = `NWConnectionMonitorTestResult
| where TimeGenerated > ago(1h)
| summarize Rounds = count(), Failed = countif(TestResult == "Fail") by SourceName, DestinationName
| order by Failed desc`;

function useVocabulary() {
  return useQuery({
    queryKey: ['kql'],
    queryFn: async ({ signal }) =>
      readVocabulary(...(await Promise.all([getLogSchema(signal), getLogCapabilities(signal)]))),
    staleTime: Infinity,
  });
}

/** The language service starts once the vocabulary is there and the page is idle. */
function useKusto(vocabulary: Vocabulary | undefined): React.RefObject<KustoService | null> {
  const service = useRef<KustoService | null>(null);
  useEffect(() => {
    if (!vocabulary) return;
    const timer = setTimeout(() => (service.current = startKusto(vocabulary)), 300);
    return () => {
      clearTimeout(timer);
      service.current?.close();
      service.current = null;
    };
  }, [vocabulary]);
  return service;
}

export function LogsPage() {
  usePage('Logs');
  const url = useUrl();
  const { workspace } = useSession();
  const vocabulary = useVocabulary();
  const kusto = useKusto(vocabulary.data);
  const words = useRef<Vocabulary | undefined>(undefined);
  words.current = vocabulary.data;
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<QueryEditor | null>(null);
  const running = useRef<AbortController | null>(null);
  const run = useMutation({
    mutationFn: (query: string) => {
      running.current = new AbortController();
      return queryLogs(workspace, query, running.current.signal);
    },
    onMutate: () => editor.current?.unmark(),
    onError: (error) => {
      const place = error instanceof ApiError ? error.details[0] : undefined;
      if (error instanceof ApiError && error.status === 400)
        editor.current?.mark(error.message, place?.line, place?.pos);
    },
  });
  const start = useRef(() => {});
  start.current = () => {
    const query = editor.current?.runnable().trim();
    if (!query) return;
    remember(query);
    setUrl({ kql: editor.current!.text() }, { replace: true });
    run.mutate(query);
  };
  useEffect(() => {
    if (!host.current) return;
    const made = makeEditor(host.current, {
      text: url.kql ?? FIRST,
      vocabulary: () => words.current,
      kusto: () => kusto.current,
      onRun: () => start.current(),
      onChange: () => {},
    });
    editor.current = made;
    if (url.kql) start.current();
    return () => made.destroy();
  }, []);
  return (
    <>
      <div className="page-head">
        <h1>Logs</h1>
        <QueryMenu onChoose={(text) => editor.current?.set(text)} current={() => editor.current?.text() ?? ''} />
        <button type="button" className="button" onClick={() => void share()}>
          Share link
        </button>
        {run.isPending ? (
          <button type="button" className="button" onClick={() => running.current?.abort()}>
            Stop
          </button>
        ) : (
          <button type="button" className="button primary" onClick={() => start.current()}>
            Run (Shift+Enter)
          </button>
        )}
      </div>
      <div className="logs">
        <SchemaTree
          vocabulary={vocabulary.data}
          error={vocabulary.error}
          onInsert={(text) => editor.current?.insert(text)}
        />
        <div className="stack" style={{ alignContent: 'start' }}>
          <div ref={host} className="editor-host" />
          {run.isPending && <Loading what="Running" />}
          {run.error && (
            <Failure
              error={run.error}
              // What the server refuses it refuses again.
              onRetry={isRefusal(run.error) ? undefined : () => start.current()}
            />
          )}
          {run.data && !run.isPending && <Results answer={run.data} />}
        </div>
      </div>
    </>
  );
}

function isRefusal(error: Error): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500;
}

function SchemaTree({
  vocabulary,
  error,
  onInsert,
}: {
  vocabulary: Vocabulary | undefined;
  error: unknown;
  onInsert: (text: string) => void;
}) {
  const [text, setText] = useState('');
  const tables = useMemo(() => {
    const wanted = text.toLowerCase();
    return (vocabulary?.tables ?? []).filter(
      (table) =>
        table.name.toLowerCase().includes(wanted) ||
        table.columns.some((column) => column.name.toLowerCase().includes(wanted)),
    );
  }, [vocabulary, text]);
  return (
    <section className="card schema" aria-labelledby="schema" tabIndex={0}>
      <h2 id="schema">Tables</h2>
      {Boolean(error) && <Failure error={error} />}
      <input
        className="input"
        type="search"
        aria-label="Find table or column"
        placeholder="Find table or column"
        value={text}
        style={{ width: '100%' }}
        onChange={(event) => setText(event.target.value)}
      />
      {tables.map((table) => (
        <details key={table.name} open={text.length > 1}>
          <summary title={table.description}>{table.name}</summary>
          <ul>
            <li>
              <button type="button" className="linklike" onClick={() => onInsert(table.name)}>
                Insert name
              </button>
            </li>
            {table.columns.map((column) => (
              <li key={column.name}>
                <button
                  type="button"
                  className="linklike"
                  title={column.description}
                  onClick={() => onInsert(column.name)}
                >
                  {column.name}
                </button>{' '}
                <span className="quiet">{column.type}</span>
              </li>
            ))}
          </ul>
        </details>
      ))}
    </section>
  );
}

function QueryMenu({ onChoose, current }: { onChoose: (text: string) => void; current: () => string }) {
  const [name, setName] = useState('');
  return (
    <Popover label="Queries" button="Queries">
      {(close) => (
        <div className="stack" style={{ width: 380 }}>
          <form
            className="form-row"
            onSubmit={(event) => {
              event.preventDefault();
              saveQuery(name, current());
              setName('');
              close();
            }}
          >
            <label className="field">
              <span className="label">Save this query as</span>
              <input className="input" value={name} onChange={(event) => setName(event.target.value)} />
            </label>
            <button className="button" disabled={!name.trim()}>
              Save
            </button>
          </form>
          <h2>Saved</h2>
          {savedQueries().length === 0 && <p className="quiet">None in this browser.</p>}
          {savedQueries().map((query) => (
            <button key={query.name} type="button" className="linklike" onClick={() => (onChoose(query.text), close())}>
              {query.name}
            </button>
          ))}
          <h2>Recent</h2>
          {recentQueries().map((text) => (
            <button
              key={text}
              type="button"
              className="linklike clip"
              title={text}
              onClick={() => (onChoose(text), close())}
            >
              {text.replace(/\s+/g, ' ').slice(0, 70)}
            </button>
          ))}
        </div>
      )}
    </Popover>
  );
}
