// SPDX-License-Identifier: Apache-2.0
// Keys of the whole app: "g o" is g, then o within a second. Single letters do nothing while typing and can be
// turned off (WCAG 2.2, 2.1.4).
import { useEffect, useRef } from 'react';

export type Hotkeys = Readonly<Record<string, () => void>>;

const KEY = 'linewatch-letter-keys';

export function areLettersOn(): boolean {
  try {
    return localStorage.getItem(KEY) !== 'off';
  } catch {
    return true;
  }
}

export function setLettersOn(isOn: boolean): void {
  try {
    if (isOn) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, 'off');
  } catch {
    // Nothing to keep it in.
  }
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.shadowRoot !== null) return true;
  if (target instanceof HTMLInputElement)
    return !['checkbox', 'radio', 'range', 'button', 'submit'].includes(target.type);
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement;
}

export function useHotkeys(keys: Hotkeys): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    let first = '';
    let firstAt = 0;
    const onKey = (event: KeyboardEvent) => {
      const isPalette = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k';
      if (isPalette) {
        event.preventDefault();
        current.current['ctrl+k']?.();
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
      if (!areLettersOn() || document.querySelector('dialog[open]')) return;
      const key = event.key === 'ArrowLeft' ? '←' : event.key === 'ArrowRight' ? '→' : event.key;
      const pair = event.timeStamp - firstAt < 1000 && first ? `${first} ${key}` : '';
      const run = (pair && current.current[pair]) || current.current[key];
      first = ['g', 't'].includes(key) && !run ? key : '';
      firstAt = event.timeStamp;
      if (!run) return;
      event.preventDefault();
      run();
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}
