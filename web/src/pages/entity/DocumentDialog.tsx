// SPDX-License-Identifier: Apache-2.0
// A connection monitor as a file for `linewatch apply`.
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { getMonitor } from '../../core/api/endpoints.ts';
import { toYaml } from '../../core/text/yaml.ts';
import { copyText } from '../../app/share.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import { download } from '../../ui/download.ts';
import { Failure, Loading } from '../../ui/Notice.tsx';
import { Tabs } from '../../ui/Tabs.tsx';

export function DocumentDialog({ name, onClose }: { name: string; onClose: () => void }) {
  const [form, setForm] = useState<'yaml' | 'json'>('yaml');
  const query = useQuery({ queryKey: ['monitor', name], queryFn: ({ signal }) => getMonitor(name, signal) });
  const file = { connectionMonitors: [{ name, ...query.data?.document }] };
  const text = form === 'yaml' ? toYaml(file) : JSON.stringify(file, null, 2);
  return (
    <Dialog title={`${name} as code`} onClose={onClose}>
      <div className="stack">
        <Tabs
          label="Format"
          items={[
            { id: 'yaml', label: 'YAML' },
            { id: 'json', label: 'JSON' },
          ]}
          chosen={form}
          onChoose={setForm}
        >
          {query.isPending && <Loading />}
          {query.error && <Failure error={query.error} />}
          {query.data && (
            <pre
              className="command scroll"
              tabIndex={0}
              role="region"
              aria-label="File"
              style={{ maxHeight: '55vh', width: 'min(640px, 80vw)' }}
            >
              {text}
            </pre>
          )}
        </Tabs>
        <p className="row">
          <button type="button" className="button" onClick={() => void copyText(text, 'Copied.')}>
            Copy
          </button>
          <button type="button" className="button" onClick={() => download(`${name}.${form}`, text, 'text/plain')}>
            Save
          </button>
          <button type="button" className="button" onClick={onClose}>
            Close
          </button>
          <span className="quiet">
            Apply with{' '}
            <code>
              linewatch apply -f {name}.{form}
            </code>
          </span>
        </p>
      </div>
    </Dialog>
  );
}
