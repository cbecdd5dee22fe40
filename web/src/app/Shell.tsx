// SPDX-License-Identifier: Apache-2.0
// What all pages share: header, recorder strip, navigation, keys, dialogs, and the place for the page.
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Icon, Logo } from '../ui/icons.tsx';
import { part } from '../ui/part.tsx';
import { Popover } from '../ui/Popover.tsx';
import { Toasts, toast } from '../ui/toast.tsx';
import { useHotkeys } from './hotkeys.ts';
import { PAGES } from './pages.ts';
import { usePath } from './place.tsx';
import { RangeControl, useRange } from './RangeControl.tsx';
import { Recorder, useTravel } from './Recorder.tsx';
import { Go, go } from './search.tsx';
import { useSession, useSignOut } from './session.tsx';
import { share } from './share.ts';
import { toggleTheme } from './theme.ts';

const CommandPalette = part(async () => (await import('./CommandPalette.tsx')).CommandPalette, { waiting: null });
const SavedViews = part(async () => (await import('./SavedViews.tsx')).SavedViews, { waiting: null });
const Help = part(async () => (await import('./Help.tsx')).Help, { waiting: null });

type Dialog = 'palette' | 'help' | 'views';

function nextTheme(): void {
  const theme = toggleTheme();
  toast(theme === 'auto' ? 'Colours as the system has them.' : `Colours: ${theme}.`);
}

/** On another page the focus goes to its heading, so that keyboard and screen reader start there. */
function useFocusOnPage(path: string): void {
  const isFirst = useRef(true);
  useEffect(() => {
    if (isFirst.current) {
      isFirst.current = false;
      return;
    }
    document.querySelector<HTMLElement>('main')?.focus({ preventScroll: false });
  }, [path]);
}

export function Shell({ children }: { children: ReactNode }) {
  const pathname = usePath();
  const [dialog, setDialog] = useState<Dialog | null>(null);
  const [isNavOpen, setNavOpen] = useState(false);
  useFocusOnPage(pathname);
  useEffect(() => setNavOpen(false), [pathname]);
  return (
    <div className="shell">
      <Keys onOpen={setDialog} />
      <a
        className="button skip"
        href="#main"
        onClick={(event) => (event.preventDefault(), document.getElementById('main')?.focus())}
      >
        Skip to the page
      </a>
      <header className="header">
        <button
          type="button"
          className="button bare icon menu-toggle"
          aria-label="Navigation"
          aria-expanded={isNavOpen}
          onClick={() => setNavOpen(!isNavOpen)}
        >
          <Icon name="menu" />
        </button>
        <Go to="/" className="brand">
          <Logo /> linewatch
        </Go>
        <button type="button" className="button find" onClick={() => setDialog('palette')}>
          <Icon name="search" /> <span className="grow clip">Go to…</span> <kbd>Ctrl K</kbd>
        </button>
        <RangeControl />
        <HeaderTools onOpen={setDialog} />
      </header>
      <Recorder />
      <Navigation isOpen={isNavOpen} path={pathname} />
      <main className="main" id="main" tabIndex={-1}>
        {children}
      </main>
      {dialog === 'palette' && <CommandPalette onClose={() => setDialog(null)} />}
      {dialog === 'views' && <SavedViews onClose={() => setDialog(null)} />}
      {dialog === 'help' && <Help onClose={() => setDialog(null)} />}
      <Toasts />
    </div>
  );
}

function HeaderTools({ onOpen }: { onOpen: (dialog: Dialog) => void }) {
  const session = useSession();
  const signOut = useSignOut();
  return (
    <>
      <button
        type="button"
        className="button bare icon"
        aria-label="Saved views"
        title="Saved views (v)"
        onClick={() => onOpen('views')}
      >
        <Icon name="star" />
      </button>
      <button
        type="button"
        className="button bare icon"
        aria-label="Share"
        title="Copy a short link to what is shown as it is now (s)"
        onClick={() => void share()}
      >
        <Icon name="share" />
      </button>
      <button
        type="button"
        className="button bare icon"
        aria-label="Light or dark"
        title="Light or dark (d)"
        onClick={nextTheme}
      >
        <Icon name="theme" />
      </button>
      <button
        type="button"
        className="button bare icon"
        aria-label="Keys and help"
        title="Keys and help (?)"
        onClick={() => onOpen('help')}
      >
        <Icon name="help" />
      </button>
      <Popover
        label="Signed in"
        buttonClass="button bare icon"
        button={
          <>
            <Icon name="user" />
            <span className="hidden-visually">{session.name}</span>
          </>
        }
      >
        {() => (
          <div className="stack">
            <p>
              <strong>{session.name}</strong>, {session.role}
            </p>
            <p className="quiet">
              linewatch {session.version} on {session.host}
            </p>
            <button type="button" className="button" onClick={() => void signOut()}>
              Sign out
            </button>
          </div>
        )}
      </Popover>
    </>
  );
}

function Navigation({ isOpen, path }: { isOpen: boolean; path: string }) {
  const groups = ['Monitor', 'Investigate', 'Manage'] as const;
  return (
    <nav className={isOpen ? 'nav open' : 'nav'} aria-label="Pages">
      {groups.map((group) => (
        <div key={group}>
          {group !== 'Monitor' && <h2>{group}</h2>}
          <ul>
            {PAGES.filter((page) => page.group === group).map((page) => (
              <li key={page.to}>
                <Go to={page.to} aria-current={path === page.to ? 'page' : undefined}>
                  {page.name}
                </Go>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}

/** The keys of all pages. A component of its own: the shell is left alone when range and instant change. */
function Keys({ onOpen: open }: { onOpen: (dialog: Dialog) => void }) {
  const range = useRange();
  const travel = useTravel();
  const pages = Object.fromEntries(
    PAGES.filter((page) => page.key).map((page) => [`g ${page.key}`, () => go(page.to)]),
  );
  useHotkeys({
    'ctrl+k': () => open('palette'),
    '?': () => open('help'),
    '/': () => {
      const field = document.querySelector<HTMLInputElement>('main input[type="search"]');
      if (field) field.focus();
      else open('palette');
    },
    ...pages,
    't a': range.freeze,
    't ←': range.back,
    't →': range.forth,
    't -': range.out,
    ',': () => travel.toStep(-1),
    '.': () => travel.at !== null && travel.toStep(1),
    '<': () => travel.hour(-1),
    '>': () => travel.at !== null && travel.hour(1),
    '[': () => void travel.toChange(-1),
    ']': () => travel.at !== null && void travel.toChange(1),
    l: () => travel.to(null),
    d: nextTheme,
    s: () => void share(),
    v: () => open('views'),
  });
  return null;
}
