// SPDX-License-Identifier: Apache-2.0
import { useId, useState } from 'react';

interface FieldProps {
  label: string;
  value: string | number;
  onChange: (value: string) => void;
  fault?: string;
  hint?: string;
  type?: 'text' | 'number';
  placeholder?: string;
  min?: number;
  max?: number;
  list?: readonly string[];
  isReadOnly?: boolean;
  isWide?: boolean;
}

export function Field({
  label,
  value,
  onChange,
  fault,
  hint,
  type = 'text',
  placeholder,
  min,
  max,
  list,
  isReadOnly,
  isWide,
}: FieldProps) {
  const id = useId();
  return (
    <label className={isWide ? 'field wide' : 'field'}>
      <span className="label">{label}</span>
      <input
        className="input"
        type={type}
        value={value}
        placeholder={placeholder}
        min={min}
        max={max}
        readOnly={isReadOnly}
        list={list ? `${id}l` : undefined}
        aria-invalid={fault !== undefined}
        aria-describedby={fault || hint ? id : undefined}
        onChange={(event) => onChange(event.target.value)}
      />
      {list && (
        <datalist id={`${id}l`}>
          {list.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
      )}
      {(fault || hint) && (
        <span id={id} className={fault ? 'fault' : 'hint'}>
          {fault ?? hint}
        </span>
      )}
    </label>
  );
}

interface ChoiceProps {
  label: string;
  value: string;
  options: readonly (readonly [string, string])[];
  onChange: (value: string) => void;
}

export function Choice({ label, value, options, onChange }: ChoiceProps) {
  return (
    <label className="field">
      <span className="label">{label}</span>
      <select className="input" value={value} onChange={(event) => onChange(event.target.value)}>
        {options.map(([key, words]) => (
          <option key={key} value={key}>
            {words}
          </option>
        ))}
        {!options.some(([key]) => key === value) && <option value={value}>{value}</option>}
      </select>
    </label>
  );
}

/** Lists longer than this get a field to find in, and a box of their own. */
const MANY = 20;

/** Several of a list, as boxes. */
export function Choices({
  label,
  options,
  chosen,
  onChange,
  fault,
  empty,
}: {
  label: string;
  options: readonly string[];
  chosen: readonly string[];
  onChange: (chosen: string[]) => void;
  fault?: string;
  empty: string;
}) {
  const [text, setText] = useState('');
  const isMany = options.length > MANY;
  const found = isMany ? options.filter((name) => name.toLowerCase().includes(text.toLowerCase())) : options;
  const toggle = (name: string) =>
    onChange(chosen.includes(name) ? chosen.filter((each) => each !== name) : [...chosen, name]);
  const others = chosen.filter((name) => !found.includes(name));
  return (
    <fieldset className="field" style={{ border: 0, padding: 0, margin: 0 }}>
      <legend className="label" style={{ padding: 0 }}>
        {label}{' '}
        <span className="quiet">
          {chosen.length} of {options.length}
        </span>
      </legend>
      {isMany && (
        <div className="row">
          <input
            className="input"
            type="search"
            aria-label={`Find in ${label.toLowerCase()}`}
            placeholder="Find"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          <button type="button" className="button bare" onClick={() => onChange([...others, ...found])}>
            {text ? 'Choose these' : 'Choose all'}
          </button>
          <button type="button" className="button bare" onClick={() => onChange(others)}>
            {text ? 'None of these' : 'None'}
          </button>
        </div>
      )}
      <div className={isMany ? 'choices many' : 'choices'}>
        {found.map((name) => (
          <label key={name}>
            <input type="checkbox" checked={chosen.includes(name)} onChange={() => toggle(name)} /> {name}
          </label>
        ))}
        {options.length === 0 && <span className="quiet">{empty}</span>}
      </div>
      {fault && <span className="fault">{fault}</span>}
    </fieldset>
  );
}
