// SPDX-License-Identifier: Apache-2.0
import { useState } from 'react';
import { Dialog } from '../ui/Dialog.tsx';
import { areLettersOn, setLettersOn } from './hotkeys.ts';

const KEYS: readonly (readonly [string, string])[] = [
  ['Ctrl K', 'go to any page, monitor or test'],
  ['/', 'search on this page'],
  ['g o · g s · g t · g m', 'overview, service endpoints, topology, source × destination'],
  ['g e · g c · g i', 'alerts, compare, issues'],
  ['g x · g l · g a', 'metrics, logs, agents'],
  [', .', 'time travel: one step back, forth'],
  ['< >', 'time travel: one hour back, forth'],
  ['[ ]', 'time travel: previous, next change of a state'],
  ['l', 'go live'],
  ['t ← · t →', 'range: earlier, later'],
  ['t - · t a', 'range: zoom out, freeze'],
  ['↑ ↓ · j k', 'in a table: move; Enter opens, Space selects, → ← expand and collapse, i says the reason'],
  ['← → ↑ ↓', 'in a path: follow links, same place; n next issue, 0 fit'],
  ['v · s', 'saved views, share'],
  ['d · ?', 'light or dark, this help'],
];

export function Help({ onClose }: { onClose: () => void }) {
  const [isOn, setOn] = useState(areLettersOn);
  return (
    <Dialog title="Keys" onClose={onClose}>
      <dl className="keys">
        {KEYS.map(([key, what]) => (
          <div key={key} className="row">
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <label className="row">
        <input
          type="checkbox"
          checked={isOn}
          onChange={(event) => (setLettersOn(event.target.checked), setOn(event.target.checked))}
        />
        Keys of a single letter are on
      </label>
      <p className="row">
        <button type="button" className="button" onClick={onClose}>
          Close
        </button>
      </p>
    </Dialog>
  );
}
