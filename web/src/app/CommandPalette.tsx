// SPDX-License-Identifier: Apache-2.0
// Ctrl+K: go to any page, saved view, connection monitor, source, destination or test by typing a part of its name.
import { useQuery } from '@tanstack/react-query';
import { useMemo, useState, type KeyboardEvent } from 'react';
import { hexId, type Snapshot } from '../core/api/snapshot.ts';
import type { SavedView } from '../core/api/types.ts';
import { filterRows } from '../core/store/filter.ts';
import { testName } from '../core/text/tests.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { PAGES } from './pages.ts';
import { openHref } from './place.tsx';
import { savedViewsQuery } from './query.ts';
import { go } from './search.tsx';
import { useSnapshot } from './snapshot.tsx';

interface Item {
  readonly kind: string;
  readonly name: string;
  readonly to: string;
  readonly params?: Record<string, string>;
  /** A whole place, whose range and instant are its own. */
  readonly isPlace?: boolean;
}

const SHOWN_MAX = 12;
const NONE: readonly SavedView[] = [];

function entities(snapshot: Snapshot | null, text: string): Item[] {
  if (!snapshot || text === '') return [];
  const has = (word: string) => word.toLowerCase().includes(text);
  const named = (kind: string, words: readonly string[], to: string): Item[] =>
    words
      .filter(has)
      .slice(0, 5)
      .map((name) => ({ kind, name, to, params: { name } }));
  const tests = [...filterRows(snapshot, { text }).subarray(0, 5)].map((row) => ({
    kind: 'Test',
    name: testName(snapshot, row),
    to: '/tests/$id',
    params: { id: hexId(snapshot.id[row]!) },
  }));
  return [
    ...named('Connection monitor', snapshot.monitor.words, '/monitors/$name'),
    ...named('Source', snapshot.source.words, '/sources/$name'),
    ...named('Destination', snapshot.destination.words, '/destinations/$name'),
    ...tests,
  ];
}

export function CommandPalette({ onClose }: { onClose: () => void }) {
  const { snapshot } = useSnapshot();
  const { data: views = NONE } = useQuery(savedViewsQuery);
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const items = useMemo(() => {
    const wanted = text.trim().toLowerCase();
    const pages: Item[] = PAGES.filter((page) => page.name.toLowerCase().includes(wanted)).map((page) => ({
      kind: 'Page',
      name: page.name,
      to: page.to,
    }));
    const places: Item[] = views
      .filter((view) => view.name.toLowerCase().includes(wanted))
      .map((view) => ({ kind: 'View', name: view.name, to: view.target, isPlace: true }));
    return [...pages, ...places.slice(0, wanted ? 5 : 0), ...entities(snapshot, wanted)].slice(0, SHOWN_MAX);
  }, [snapshot, text, views]);
  const chosen = Math.min(active, items.length - 1);
  const open = (item: Item | undefined) => {
    if (!item) return;
    onClose();
    if (item.isPlace) openHref(item.to);
    else go(item.to, item.params);
  };
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && items.length > 0) {
      event.preventDefault();
      setActive((chosen + step + items.length) % items.length);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      open(items[chosen]);
    }
  };
  return (
    <Dialog title="Go to" isTitleHidden className="palette" onClose={onClose}>
      <input
        className="input"
        autoFocus
        role="combobox"
        aria-label="Go to a page, view, monitor, source, destination or test"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={items.length > 0 ? `palette-${chosen}` : undefined}
        placeholder="Go to a page, view, monitor, source, destination or test"
        value={text}
        onChange={(event) => (setText(event.target.value), setActive(0))}
        onKeyDown={onKey}
      />
      <ul id="palette-list" role="listbox" aria-label="Places">
        {items.map((item, i) => (
          <li
            key={`${item.kind} ${item.name} ${item.params?.['id'] ?? ''}`}
            id={`palette-${i}`}
            role="option"
            aria-selected={i === chosen}
            onClick={() => open(item)}
          >
            <span className="quiet">{item.kind}</span> <span className="grow clip">{item.name}</span>
          </li>
        ))}
      </ul>
      {items.length === 0 && <p className="quiet">Nothing has this in its name.</p>}
    </Dialog>
  );
}
