// SPDX-License-Identifier: Apache-2.0
import { useId, type KeyboardEvent, type ReactNode } from 'react';

export interface TabItem<T extends string> {
  readonly id: T;
  readonly label: ReactNode;
}

interface TabsProps<T extends string> {
  label: string;
  items: readonly TabItem<T>[];
  chosen: T;
  onChoose: (id: T) => void;
  children?: ReactNode;
}

/** Tabs with arrow keys; the panel is what is passed as children. */
export function Tabs<T extends string>({ label, items, chosen, onChoose, children }: TabsProps<T>) {
  const base = useId();
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    event.stopPropagation();
    const index = items.findIndex((item) => item.id === chosen);
    const next = items[(index + step + items.length) % items.length]!;
    onChoose(next.id);
    document.getElementById(`${base}${next.id}`)?.focus();
  };
  return (
    <>
      <div className="tabs" role="tablist" aria-label={label} onKeyDown={onKey}>
        {items.map((item) => (
          <button
            key={item.id}
            id={`${base}${item.id}`}
            type="button"
            role="tab"
            className="tab"
            aria-selected={item.id === chosen}
            aria-controls={children ? `${base}panel` : undefined}
            tabIndex={item.id === chosen ? 0 : -1}
            onClick={() => onChoose(item.id)}
          >
            {item.label}
          </button>
        ))}
      </div>
      {children && (
        <div role="tabpanel" id={`${base}panel`} aria-labelledby={`${base}${chosen}`}>
          {children}
        </div>
      )}
    </>
  );
}
