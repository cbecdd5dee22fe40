// SPDX-License-Identifier: Apache-2.0
// What can be done with the selected tests.
import { useState } from 'react';
import { useMutation } from '@tanstack/react-query';
import { getMonitor, putMonitor, traceNow } from '../../core/api/endpoints.ts';
import { wordAt, type Snapshot } from '../../core/api/snapshot.ts';
import { rowOfHex } from '../../core/store/live.ts';
import { counted } from '../../core/text/numbers.ts';
import { Go, setUrl } from '../../app/search.tsx';
import { useMayOperate } from '../../app/session.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { Failure } from '../../ui/Notice.tsx';
import { toast } from '../../ui/toast.tsx';

const COMPARED_MAX = 20;

export function BulkBar({ snapshot, ids }: { snapshot: Snapshot; ids: readonly string[] }) {
  const mayOperate = useMayOperate();
  const [asked, setAsked] = useState<boolean | null>(null);
  const trace = useMutation({
    mutationFn: () => Promise.allSettled(ids.map(traceNow)),
    onSuccess: (results) => {
      const refused = results.filter((each) => each.status === 'rejected').length;
      toast(
        refused > 0
          ? `${counted(results.length - refused, 'trace')} asked for; ${refused} could not be.`
          : `${counted(results.length, 'trace')} asked for.`,
        refused > 0,
      );
    },
  });
  return (
    <div className="bulk" role="region" aria-label="Selected tests">
      <strong>{counted(ids.length, 'test')} selected</strong>
      <Go to="/compare" search={{ sel: ids.slice(0, COMPARED_MAX) }} className="button" aria-disabled={ids.length < 2}>
        Compare
      </Go>
      <Go to="/topology" search={{ sel: [...ids] }} className="button">
        Topology
      </Go>
      {mayOperate && (
        <>
          <button type="button" className="button" disabled={trace.isPending} onClick={() => trace.mutate()}>
            Trace now
          </button>
          <button type="button" className="button" onClick={() => setAsked(true)}>
            Disable their test groups
          </button>
          <button type="button" className="button" onClick={() => setAsked(false)}>
            Enable
          </button>
        </>
      )}
      <button type="button" className="button bare" onClick={() => setUrl({ sel: undefined }, { replace: true })}>
        Clear
      </button>
      {asked !== null && (
        <SwitchGroups snapshot={snapshot} ids={ids} isDisabling={asked} onClose={() => setAsked(null)} />
      )}
    </div>
  );
}

/** Test groups of the tests: monitor -> groups. */
function groupsOf(snapshot: Snapshot, ids: readonly string[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const id of ids) {
    const row = rowOfHex(snapshot, id);
    if (row === null) continue;
    const monitor = wordAt(snapshot.monitor, row) ?? '';
    const groups = found.get(monitor) ?? new Set();
    found.set(monitor, groups.add(wordAt(snapshot.group, row) ?? ''));
  }
  return found;
}

async function switchGroups(groups: Map<string, Set<string>>, isDisabling: boolean): Promise<void> {
  for (const [name, wanted] of groups) {
    const { document } = await getMonitor(name);
    const testGroups = (document.testGroups ?? []).map((group) =>
      wanted.has(group.name) ? { ...group, disable: isDisabling } : group,
    );
    await putMonitor(name, { ...document, testGroups });
  }
}

function SwitchGroups({
  snapshot,
  ids,
  isDisabling,
  onClose,
}: {
  snapshot: Snapshot;
  ids: readonly string[];
  isDisabling: boolean;
  onClose: () => void;
}) {
  const groups = groupsOf(snapshot, ids);
  const run = useMutation({
    mutationFn: () => switchGroups(groups, isDisabling),
    onSuccess: () => {
      toast(isDisabling ? 'Disabled. Their history stays.' : 'Enabled. First rounds follow within one interval.');
      onClose();
    },
  });
  const verb = isDisabling ? 'Disable' : 'Enable';
  return (
    <Dialog title={`${verb} test groups`} onClose={onClose}>
      <div className="stack">
        <p>A test is switched off by its test group. This concerns all tests of:</p>
        <ul>
          {[...groups].flatMap(([monitor, names]) =>
            [...names].map((name) => (
              <li key={`${monitor} ${name}`}>
                {monitor} › {name}
              </li>
            )),
          )}
        </ul>
        {run.error && <Failure error={run.error} />}
        <p className="row">
          <button type="button" className="button primary" disabled={run.isPending} onClick={() => run.mutate()}>
            {verb}
          </button>
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
        </p>
      </div>
    </Dialog>
  );
}
