// SPDX-License-Identifier: Apache-2.0
// The query editor: CodeMirror inside a shadow root, where its styles are constructed sheets, which a strict
// CSP allows.
import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  type CompletionContext,
  type CompletionResult,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { bracketMatching } from '@codemirror/language';
import { linter, setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from '@codemirror/view';
import { suggest } from '../../core/kql/complete.ts';
import type { Vocabulary } from '../../core/kql/words.ts';
import type { KustoService } from './kusto.ts';
import { kqlColours, kqlLanguage } from './language.ts';

export interface QueryEditor {
  text(): string;
  /** What is selected, or all. */
  runnable(): string;
  set(text: string): void;
  insert(text: string): void;
  /** Marks what the server found wrong. */
  mark(message: string, line?: number, pos?: number): void;
  unmark(): void;
  destroy(): void;
}

interface EditorOptions {
  text: string;
  vocabulary: () => Vocabulary | undefined;
  kusto: () => KustoService | null;
  onRun(): void;
  onChange(text: string): void;
}

const TYPES = {
  table: 'class',
  operator: 'keyword',
  column: 'property',
  function: 'function',
  name: 'variable',
} as const;

/** So long after a key; the library's own 100 ms are felt. */
const SUGGEST_AFTER_MS = 20;

async function complete(context: CompletionContext, options: EditorOptions): Promise<CompletionResult | null> {
  const vocabulary = options.vocabulary();
  if (!vocabulary) return null;
  const text = context.state.doc.toString();
  const { from, items } = suggest(text, context.pos, vocabulary);
  if (from === context.pos && !context.explicit && !/[|\s(]$/.test(text.slice(0, context.pos))) return null;
  const own = items.map((item) => ({
    label: item.label,
    type: TYPES[item.kind],
    detail: item.detail.length > 60 ? `${item.detail.slice(0, 58)}…` : item.detail,
  }));
  const better = await options
    .kusto()
    ?.complete(text, context.pos)
    .catch(() => null);
  if (context.aborted) return null;
  return {
    from: better?.from ?? from,
    options: better?.items.map((item) => ({ label: item.label, type: TYPES[item.kind], detail: item.detail })) ?? own,
    validFor: /^[\w-]*$/,
  };
}

async function check(view: EditorView, options: EditorOptions): Promise<Diagnostic[]> {
  const text = view.state.doc.toString();
  const found = await options
    .kusto()
    ?.check(text)
    .catch(() => []);
  const end = view.state.doc.length;
  return (found ?? []).map(({ from, to, message }) => ({
    from: Math.min(from, end),
    to: Math.min(Math.max(to, from), end),
    severity: 'warning',
    message,
  }));
}

const theme = EditorView.theme({
  '&': {
    fontSize: '13px',
    color: 'var(--text)',
    backgroundColor: 'var(--canvas)',
    minHeight: '130px',
    maxHeight: '45vh',
  },
  '.cm-scroller': { fontFamily: 'var(--mono)', minHeight: '130px' },
  '.cm-content': { caretColor: 'var(--text)' },
  '.cm-cursor': { borderLeftColor: 'var(--text)' },
  '.cm-gutters': { backgroundColor: 'var(--chrome)', color: 'var(--text-quiet)', borderRight: '1px solid var(--line)' },
  '.cm-activeLine': { backgroundColor: 'color-mix(in srgb, var(--accent) 7%, transparent)' },
  '&.cm-focused': { outline: '2px solid var(--focus)', outlineOffset: '-2px' },
  '.cm-selectionBackground, &.cm-focused .cm-selectionBackground': { backgroundColor: 'var(--chosen) !important' },
  '.cm-tooltip': { backgroundColor: 'var(--raised)', color: 'var(--text)', border: '1px solid var(--line)' },
  '.cm-tooltip-autocomplete ul li[aria-selected]': { backgroundColor: 'var(--accent)', color: 'var(--on-accent)' },
  '.cm-completionDetail': { color: 'var(--text-quiet)' },
  '.cm-tooltip-autocomplete ul li[aria-selected] .cm-completionDetail': { color: 'var(--on-accent)' },
});

export function makeEditor(host: HTMLElement, options: EditorOptions): QueryEditor {
  const root = host.shadowRoot ?? host.attachShadow({ mode: 'open' });
  const view = new EditorView({
    parent: root as unknown as Element,
    root,
    state: EditorState.create({
      doc: options.text,
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        bracketMatching(),
        closeBrackets(),
        highlightActiveLine(),
        EditorView.lineWrapping,
        theme,
        kqlLanguage,
        kqlColours,
        autocompletion({
          override: [(context) => complete(context, options)],
          activateOnTypingDelay: SUGGEST_AFTER_MS,
        }),
        linter((each) => check(each, options), { delay: 500 }),
        EditorView.contentAttributes.of({ 'aria-label': 'KQL query' }),
        keymap.of([
          { key: 'Shift-Enter', run: () => (options.onRun(), true) },
          { key: 'Mod-Enter', run: () => (options.onRun(), true) },
        ]),
        // Tab leaves the editor: it is no trap (WCAG 2.2, 2.1.2).
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
        EditorView.updateListener.of((update) => update.docChanged && options.onChange(update.state.doc.toString())),
      ],
    }),
  });
  return {
    text: () => view.state.doc.toString(),
    runnable: () => {
      const { from, to } = view.state.selection.main;
      return from === to ? view.state.doc.toString() : view.state.sliceDoc(from, to);
    },
    set: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    insert: (text) => {
      view.dispatch(view.state.replaceSelection(text));
      view.focus();
    },
    mark: (message, line, pos) => {
      const { doc } = view.state;
      const found = line !== undefined && line >= 1 && line <= doc.lines ? doc.line(line) : doc.line(doc.lines);
      const from = Math.min(found.to, found.from + Math.max(0, line === undefined ? 0 : (pos ?? 0)));
      view.dispatch(setDiagnostics(view.state, [{ from, to: Math.max(from, found.to), severity: 'error', message }]));
    },
    unmark: () => view.dispatch(setDiagnostics(view.state, [])),
    destroy: () => view.destroy(),
  };
}
