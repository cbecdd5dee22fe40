// SPDX-License-Identifier: Apache-2.0
import { useId } from 'react';

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
}: FieldProps) {
  const id = useId();
  return (
    <label className="field">
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
  const toggle = (name: string) =>
    onChange(chosen.includes(name) ? chosen.filter((each) => each !== name) : [...chosen, name]);
  return (
    <fieldset className="field" style={{ border: 0, padding: 0, margin: 0 }}>
      <legend className="label" style={{ padding: 0 }}>
        {label}{' '}
        <span className="quiet">
          {chosen.length} of {options.length}
        </span>
      </legend>
      <div className="choices">
        {options.map((name) => (
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
