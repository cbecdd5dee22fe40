// SPDX-License-Identifier: Apache-2.0
import { useMutation } from '@tanstack/react-query';
import { deleteMonitor } from '../../core/api/endpoints.ts';
import { go } from '../../app/search.tsx';
import { Dialog } from '../../ui/Dialog.tsx';
import { Failure } from '../../ui/Notice.tsx';
import { toast } from '../../ui/toast.tsx';

export function DeleteMonitor({ name, onClose }: { name: string; onClose: () => void }) {
  const run = useMutation({
    mutationFn: () => deleteMonitor(name),
    onSuccess: () => {
      toast(`${name} is deleted. Its history stays.`);
      go('/');
    },
  });
  return (
    <Dialog title={`Delete ${name}?`} onClose={onClose}>
      <div className="stack">
        <p>Its tests stop at once. What they measured stays in the store.</p>
        {run.error && <Failure error={run.error} />}
        <p className="row">
          <button type="button" className="button danger" disabled={run.isPending} onClick={() => run.mutate()}>
            Delete
          </button>
          <button type="button" className="button" onClick={onClose} autoFocus>
            Keep it
          </button>
        </p>
      </div>
    </Dialog>
  );
}
