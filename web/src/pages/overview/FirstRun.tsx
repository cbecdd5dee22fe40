// SPDX-License-Identifier: Apache-2.0
// What a new server shows: three targets to a first connection monitor within a minute.
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { getAgents, putMonitor } from '../../core/api/endpoints.ts';
import type { MonitorDocument } from '../../core/api/types.ts';
import { useMayOperate } from '../../app/session.tsx';
import { Go } from '../../app/search.tsx';
import { Failure } from '../../ui/Notice.tsx';
import { toast } from '../../ui/toast.tsx';

/** "example.com" is pinged and asked over HTTPS; "host:5432" gets a TCP handshake. */
export function firstMonitor(name: string, agent: string, targets: readonly string[]): MonitorDocument {
  const parsed = targets.map((target) => {
    const match = /^(?:https?:\/\/)?\[?([^\]/]+?)\]?(?::(\d+))?(?:\/.*)?$/.exec(target.trim());
    return { address: match?.[1] ?? target.trim(), port: match?.[2] ? Number(match[2]) : null };
  });
  const ports = [...new Set(parsed.map((target) => target.port ?? 443))];
  return {
    name,
    endpoints: [
      { name: agent, type: 'Agent', linewatch: { agent } },
      ...[
        ...new Map(
          parsed.map((target) => [
            target.address,
            { name: target.address, type: 'ExternalAddress', address: target.address },
          ]),
        ).values(),
      ],
    ],
    testConfigurations: [
      { name: 'ping', protocol: 'Icmp', testFrequencySec: 30 },
      ...ports.map((port) => ({
        name: `tcp-${port}`,
        protocol: 'Tcp',
        testFrequencySec: 30,
        tcpConfiguration: { port },
      })),
    ],
    testGroups: [...new Map(parsed.map((target) => [`${target.address} ${target.port ?? 443}`, target])).values()].map(
      (target) => ({
        name: `${target.address} ${target.port ?? 443}`,
        sources: [agent],
        destinations: [target.address],
        testConfigurations: ['ping', `tcp-${target.port ?? 443}`],
      }),
    ),
  };
}

export function FirstRun() {
  const mayOperate = useMayOperate();
  const agents = useQuery({ queryKey: ['agents'], queryFn: ({ signal }) => getAgents(signal), refetchInterval: 5000 });
  const connected = (agents.data ?? []).filter((agent) => agent.connected);
  const [targets, setTargets] = useState(['', '', '']);
  const filled = targets.filter((target) => target.trim() !== '');
  const [chosen, setChosen] = useState('');
  const agent = chosen || connected[0]?.name || '';
  const create = useMutation({
    mutationFn: () => putMonitor('first', firstMonitor('first', agent, filled)),
    onSuccess: () => toast('Created. The first results come within half a minute.'),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <section className="card" aria-labelledby="first-run">
      <h2 id="first-run">Nothing is watched yet. What should be?</h2>
      {!mayOperate && <p>Your token may only read. Ask an operator to create a connection monitor.</p>}
      {agents.data && connected.length === 0 && (
        <p>
          No agent is connected. <Go to="/agents">Join one</Go>: somebody has to run the checks.
        </p>
      )}
      <form className="stack" onSubmit={submit}>
        {targets.map((target, i) => (
          <label key={i} className="field">
            <span className="label">Target {i + 1}</span>
            <input
              className="input"
              value={target}
              placeholder={['www.example.com', '10.0.0.1', 'db.internal:5432'][i]}
              onChange={(event) => setTargets(targets.map((each, j) => (j === i ? event.target.value : each)))}
            />
          </label>
        ))}
        {connected.length > 1 && (
          <label className="field">
            <span className="label">From</span>
            <select className="input" value={agent} onChange={(event) => setChosen(event.target.value)}>
              {connected.map((each) => (
                <option key={each.id}>{each.name}</option>
              ))}
            </select>
          </label>
        )}
        {create.error && <Failure error={create.error} />}
        <p className="row">
          <button
            className="button primary"
            disabled={!mayOperate || filled.length === 0 || agent === '' || create.isPending}
          >
            Watch {filled.length === 1 ? 'it' : 'them'}
          </button>
          <Go to="/monitors/new" className="button">
            All settings
          </Go>
          <span className="quiet">
            Each is pinged and gets a TCP handshake every 30 seconds{agent && ` from ${agent}`}.
          </span>
        </p>
      </form>
    </section>
  );
}
