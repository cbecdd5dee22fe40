// SPDX-License-Identifier: Apache-2.0
// Places that are kept under names: open one, keep this one, forget one.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { putSavedView, removeSavedView } from '../core/api/endpoints.ts';
import type { SavedView } from '../core/api/types.ts';
import { stringifySearch } from '../core/url/search.ts';
import { Dialog } from '../ui/Dialog.tsx';
import { Failure, Loading, messageOf } from '../ui/Notice.tsx';
import { toast } from '../ui/toast.tsx';
import { openHref, placeNow } from './place.tsx';
import { savedViewsQuery } from './query.ts';
import { useMayOperate } from './session.tsx';

const NAME_LONGEST = 80;

export function SavedViews({ onClose }: { onClose: () => void }) {
  const query = useQuery(savedViewsQuery);
  const client = useQueryClient();
  const renew = () => client.invalidateQueries({ queryKey: savedViewsQuery.queryKey });
  const forget = async ({ name, shared }: SavedView) => {
    try {
      await removeSavedView(name, shared);
      await renew();
    } catch (error) {
      toast(messageOf(error), true);
    }
  };
  return (
    <Dialog title="Saved views" onClose={onClose}>
      {query.isPending && <Loading />}
      {query.error && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {query.data && (
        <ViewList views={query.data} onOpen={(view) => (onClose(), openHref(view.target))} onForget={forget} />
      )}
      <KeepThis views={query.data ?? []} onKept={renew} />
      <p className="row">
        <button type="button" className="button" onClick={onClose}>
          Close
        </button>
      </p>
    </Dialog>
  );
}

function ViewList({
  views,
  onOpen,
  onForget,
}: {
  views: readonly SavedView[];
  onOpen: (view: SavedView) => void;
  onForget: (view: SavedView) => Promise<void>;
}) {
  const mayShare = useMayOperate();
  if (views.length === 0)
    return <p className="quiet">None yet. A view is what the address bar says: filters, range, sort.</p>;
  return (
    <ul className="stack" aria-label="Views">
      {views.map((view) => (
        <li key={`${view.shared} ${view.name}`} className="row">
          <a
            className="grow clip"
            href={view.target}
            title={view.target}
            onClick={(event) => {
              if (event.metaKey || event.ctrlKey || event.shiftKey) return;
              event.preventDefault();
              onOpen(view);
            }}
          >
            {view.name}
          </a>
          {view.shared && <span className="quiet">everybody&apos;s, by {view.author}</span>}
          {(mayShare || !view.shared) && (
            <button
              type="button"
              className="button bare"
              aria-label={`Forget ${view.name}`}
              onClick={() => void onForget(view)}
            >
              Forget
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}

function KeepThis({ views, onKept }: { views: readonly SavedView[]; onKept: () => Promise<void> }) {
  const mayShare = useMayOperate();
  const [name, setName] = useState('');
  const [isShared, setShared] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const isKnown = views.some(
    (view) => view.shared === isShared && view.name.toLowerCase() === name.trim().toLowerCase(),
  );
  const keep = async (event: FormEvent) => {
    event.preventDefault();
    const { path, search } = placeNow();
    try {
      await putSavedView(name.trim(), path + stringifySearch(search), isShared);
      setName('');
      setFault(null);
      await onKept();
    } catch (error) {
      setFault(messageOf(error));
    }
  };
  return (
    <form className="stack" aria-label="Keep what is shown" onSubmit={(event) => void keep(event)}>
      <label className="field">
        <span className="label">Keep what is shown as</span>
        <input
          className="input"
          autoFocus
          required
          maxLength={NAME_LONGEST}
          value={name}
          aria-invalid={fault !== null}
          onChange={(event) => setName(event.target.value)}
        />
      </label>
      {mayShare && (
        <label className="row">
          <input type="checkbox" checked={isShared} onChange={(event) => setShared(event.target.checked)} />
          For everybody
        </label>
      )}
      {fault && (
        <p role="alert" className="diff">
          {fault}
        </p>
      )}
      <p className="row">
        <button className="button primary" disabled={name.trim() === ''}>
          {isKnown ? 'Replace' : 'Keep'}
        </button>
      </p>
    </form>
  );
}
