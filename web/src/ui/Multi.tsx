// SPDX-License-Identifier: Apache-2.0
// A filter of several choices with counts.
import { useState } from 'react';
import type { FacetCount } from '../core/store/filter.ts';
import { formatCount } from '../core/text/numbers.ts';
import { Icon } from './icons.tsx';
import { Loading } from './Notice.tsx';
import { Popover } from './Popover.tsx';

const SHOWN_MAX = 200;

interface MultiProps {
  label: string;
  /** Null while they are on their way. */
  options: () => readonly FacetCount[] | null;
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
}

export function Multi({ label, options, chosen, onChange }: MultiProps) {
  const words =
    chosen.length === 0
      ? label
      : `${label}: ${chosen.slice(0, 2).join(', ')}${chosen.length > 2 ? ` +${chosen.length - 2}` : ''}`;
  return (
    <Popover
      label={`Filter by ${label.toLowerCase()}`}
      isPressed={chosen.length > 0}
      button={
        <>
          {words} <Icon name="down" size={12} />
        </>
      }
    >
      {() => <Options label={label} options={options()} chosen={chosen} onChange={onChange} />}
    </Popover>
  );
}

function Options({
  label,
  options,
  chosen,
  onChange,
}: Omit<MultiProps, 'options'> & { options: readonly FacetCount[] | null }) {
  const [text, setText] = useState('');
  if (!options) return <Loading />;
  const found = options.filter(({ word }) => word.toLowerCase().includes(text.toLowerCase()));
  const toggle = (word: string) =>
    onChange(chosen.includes(word) ? chosen.filter((each) => each !== word) : [...chosen, word]);
  return (
    <div className="options">
      {options.length > 8 && (
        <input
          className="input"
          type="search"
          aria-label={`Find ${label.toLowerCase()}`}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      )}
      {found.slice(0, SHOWN_MAX).map(({ word, count }) => (
        <label key={word}>
          <input type="checkbox" checked={chosen.includes(word)} onChange={() => toggle(word)} />
          <span className="grow clip">{word}</span>
          <span className="quiet">{formatCount(count)}</span>
        </label>
      ))}
      {found.length > SHOWN_MAX && (
        <p className="quiet">{formatCount(found.length - SHOWN_MAX)} more: type to find them.</p>
      )}
      {found.length === 0 && <p className="quiet">Nothing fits.</p>}
      {chosen.length > 0 && (
        <button type="button" className="button" onClick={() => onChange([])}>
          Clear
        </button>
      )}
    </div>
  );
}
