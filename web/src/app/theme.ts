// SPDX-License-Identifier: Apache-2.0
// Light, dark, or as the system has it. Kept in this browser only: it is a matter of the reader, not of the link.
import { useSyncExternalStore } from 'react';

export type Theme = 'auto' | 'light' | 'dark';
const KEY = 'linewatch-theme';
const listeners = new Set<() => void>();

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'light' || value === 'dark' ? value : 'auto';
  } catch {
    return 'auto';
  }
}

let theme: Theme = stored();
let version = 0;

function changed(): void {
  version++;
  for (const listener of listeners) listener();
}

export function applyTheme(): void {
  const root = document.documentElement;
  if (theme === 'auto') delete root.dataset['theme'];
  else root.dataset['theme'] = theme;
}

/** Called once before the first render. */
export function startTheme(): void {
  applyTheme();
  for (const query of ['(prefers-color-scheme: dark)', '(forced-colors: active)'])
    matchMedia(query).addEventListener('change', changed);
}

/** From what is seen to the other one; back to the system's when that is the same. */
export function toggleTheme(): Theme {
  const isSystemDark = matchMedia('(prefers-color-scheme: dark)').matches;
  const isDark = theme === 'dark' || (theme === 'auto' && isSystemDark);
  theme = isDark === isSystemDark ? (isDark ? 'light' : 'dark') : 'auto';
  try {
    if (theme === 'auto') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // Without storage the choice lasts until the page is left.
  }
  applyTheme();
  changed();
  return theme;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Changes whenever colours do; canvases redraw on it. */
export function useThemeVersion(): number {
  return useSyncExternalStore(subscribe, () => version);
}
