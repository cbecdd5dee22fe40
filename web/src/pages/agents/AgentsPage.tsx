// SPDX-License-Identifier: Apache-2.0
// The hosts that run checks: health, version, clock, spool, and the command with which a new one joins.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { createJoinToken, getAgents, removeAgent } from '../../core/api/endpoints.ts';
import type { Agent, ListeningPort } from '../../core/api/types.ts';
import { compareWords } from '../../core/store/filter.ts';
import { formatCount, formatMs } from '../../core/text/numbers.ts';
import { setUrl, useTimes, useUrl, Go } from '../../app/search.tsx';
import { useSession } from '../../app/session.tsx';
import { copyText } from '../../app/share.ts';
import { Dialog } from '../../ui/Dialog.tsx';
import { Empty, Failure, Loading, messageOf } from '../../ui/Notice.tsx';
import { StateShape } from '../../ui/StateTag.tsx';
import { toast } from '../../ui/toast.tsx';
import { usePage } from '../../ui/usePage.ts';

const AGENT_PORT = 8444;

export function AgentsPage() {
  usePage('Agents');
  const url = useUrl();
  const { role } = useSession();
  const [isJoining, setJoining] = useState(false);
  const query = useQuery({ queryKey: ['agents'], queryFn: ({ signal }) => getAgents(signal), refetchInterval: 5000 });
  const text = (url.q ?? '').toLowerCase();
  const agents = useMemo(() => {
    const fits = (agent: Agent) =>
      [
        agent.name,
        agent.version,
        agent.problem,
        ...(agent.listening ?? []).map((each) => `${each.port} ${each.problem}`),
        ...(agent.addresses ?? []),
        ...Object.entries(agent.labels ?? {}).map(([key, value]) => `${key}=${value}`),
      ].some((each) => each?.toLowerCase().includes(text));
    return (query.data ?? [])
      .filter(fits)
      .sort((a, b) => Number(a.connected) - Number(b.connected) || compareWords(a.name, b.name));
  }, [query.data, text]);
  const connected = agents.filter((agent) => agent.connected).length;
  return (
    <>
      <div className="page-head">
        <h1>Agents</h1>
        {role === 'administrator' && (
          <button type="button" className="button primary" onClick={() => setJoining(true)}>
            Join an agent
          </button>
        )}
      </div>
      <div className="filters" role="search" aria-label="Filter agents">
        <input
          className="input search"
          type="search"
          aria-label="Search"
          placeholder="Name, address, label, problem"
          value={url.q ?? ''}
          onChange={(event) => setUrl({ q: event.target.value || undefined }, { replace: true })}
        />
        <span role="status" className="quiet">
          {query.data && `${formatCount(connected)} of ${formatCount(agents.length)} connected`}
        </span>
      </div>
      {query.isPending && <Loading />}
      {query.error && <Failure error={query.error} onRetry={() => void query.refetch()} />}
      {query.data && agents.length === 0 && (
        <Empty title={text ? 'No agent fits.' : 'No agent has joined yet.'}>
          <p>An agent runs checks on its host and dials out to this server.</p>
        </Empty>
      )}
      {agents.length > 0 && <Table agents={agents} mayRemove={role === 'administrator'} />}
      {isJoining && <JoinDialog onClose={() => setJoining(false)} />}
    </>
  );
}

function Table({ agents, mayRemove }: { agents: readonly Agent[]; mayRemove: boolean }) {
  return (
    <div className="scroll card" tabIndex={0} role="region" aria-label="Agents">
      <table className="plain">
        <thead>
          <tr>
            <th scope="col">Agent</th>
            <th scope="col">Health</th>
            <th scope="col">Addresses</th>
            <th scope="col">Version</th>
            <th scope="col" className="number">
              Clock off by
            </th>
            <th scope="col" className="number">
              Rounds waiting
            </th>
            <th scope="col" className="number">
              Dropped
            </th>
            <th scope="col">Can</th>
            <th scope="col">Listens on</th>
            <th scope="col">Last seen</th>
            {mayRemove && (
              <th scope="col">
                <span className="hidden-visually">Remove</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {agents.map((agent) => (
            <AgentRow key={agent.id} agent={agent} mayRemove={mayRemove} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function healthOf(agent: Agent): { shape: 'Pass' | 'Warning' | 'Fail'; words: string } {
  if (!agent.connected) return { shape: 'Fail', words: 'not connected' };
  const problem = agent.problem || agent.pathProblem;
  if (problem) return { shape: 'Warning', words: problem };
  if (agent.assignmentInForce === false) return { shape: 'Warning', words: 'takes its new assignment over' };
  return { shape: 'Pass', words: 'connected' };
}

function AgentRow({ agent, mayRemove }: { agent: Agent; mayRemove: boolean }) {
  const { time } = useTimes();
  const client = useQueryClient();
  const [isAsking, setAsking] = useState(false);
  const health = healthOf(agent);
  const remove = useMutation({
    mutationFn: () => removeAgent(agent.name),
    onSuccess: () => {
      toast(`${agent.name} is forgotten; its certificate is refused.`);
      void client.invalidateQueries({ queryKey: ['agents'] });
    },
    onError: (error) => toast(messageOf(error), true),
    onSettled: () => setAsking(false),
  });
  return (
    <tr>
      <td>
        <Go to="/sources/$name" params={{ name: agent.name }}>
          {agent.name}
        </Go>
        <div className="row">
          {Object.entries(agent.labels ?? {}).map(([key, value]) => (
            <span key={key} className="badge">
              {key}={value}
            </span>
          ))}
        </div>
      </td>
      <td>
        <span className="state" style={{ whiteSpace: 'normal' }}>
          <StateShape state={health.shape} /> {health.words}
        </span>
      </td>
      <td className="mono">{(agent.addresses ?? []).slice(0, 3).join(', ')}</td>
      <td>{agent.version ?? ''}</td>
      <td className="number">{agent.connected ? formatMs(agent.clockOffsetMs) : 'NA'}</td>
      <td className="number">{agent.connected ? formatCount(agent.roundsWaiting ?? 0) : 'NA'}</td>
      <td className="number">{agent.connected ? formatCount(agent.roundsDropped ?? 0) : 'NA'}</td>
      <td>{agent.selfTest ? (agent.selfTest.hasRawSockets ? 'ping, traces' : 'no raw sockets: no traces') : ''}</td>
      <td>
        <Listening ports={agent.listening ?? []} />
      </td>
      <td>{agent.connected ? 'now' : time(agent.lastSeen ? Date.parse(agent.lastSeen) : null)}</td>
      {mayRemove && (
        <td>
          <button type="button" className="button danger" onClick={() => setAsking(true)}>
            Remove<span className="hidden-visually"> {agent.name}</span>
          </button>
          {isAsking && (
            <Dialog title={`Remove ${agent.name}?`} onClose={() => setAsking(false)}>
              <p>
                It is cut off and its certificate refused. Its tests become Indeterminate until another agent fits their
                source.
              </p>
              <p className="row">
                <button
                  type="button"
                  className="button danger"
                  disabled={remove.isPending}
                  onClick={() => remove.mutate()}
                >
                  Remove
                </button>
                <button type="button" className="button" autoFocus onClick={() => setAsking(false)}>
                  Keep it
                </button>
              </p>
            </Dialog>
          )}
        </td>
      )}
    </tr>
  );
}

const OUTCOMES: Record<ListeningPort['outcome'], string> = {
  Listening: 'listening',
  PortInUse: 'taken by something else',
  Failed: 'could not listen',
};

/** The TCP ports that tests want the agent to listen on, those in trouble first. */
function Listening({ ports }: { ports: readonly ListeningPort[] }) {
  if (ports.length === 0) return <span className="quiet">–</span>;
  const isWell = (each: ListeningPort) => each.outcome === 'Listening';
  const sorted = [...ports].sort((a, b) => Number(isWell(a)) - Number(isWell(b)) || a.port - b.port);
  return (
    <ul>
      {sorted.map((each) => (
        <li key={each.port} className="state" style={{ whiteSpace: 'normal', display: 'flex' }}>
          <StateShape state={isWell(each) ? 'Pass' : 'Warning'} />
          <span>
            TCP {each.port} <span className="quiet">{each.problem || OUTCOMES[each.outcome]}</span>
          </span>
        </li>
      ))}
    </ul>
  );
}

function JoinDialog({ onClose }: { onClose: () => void }) {
  const [uses, setUses] = useState(1);
  const { time } = useTimes();
  const create = useMutation({ mutationFn: () => createJoinToken(uses) });
  const host = location.hostname.includes(':') ? `[${location.hostname}]` : location.hostname;
  const byHand = create.data
    ? `linewatch agent join ${host}:${AGENT_PORT} --token ${create.data.token}\nlinewatch agent`
    : '';
  const command = create.data?.installCommand || byHand;
  return (
    <Dialog title="Join an agent" onClose={onClose}>
      <div className="stack">
        {!create.data && (
          <>
            <label className="field">
              <span className="label">Agents that may join with it</span>
              <input
                className="input"
                type="number"
                min={1}
                max={10000}
                value={uses}
                onChange={(event) => setUses(Math.max(1, Math.min(10_000, Number(event.target.value) || 1)))}
              />
            </label>
            {create.error && <Failure error={create.error} />}
            <p className="row">
              <button
                type="button"
                className="button primary"
                disabled={create.isPending}
                onClick={() => create.mutate()}
              >
                Make a join command
              </button>
              <button type="button" className="button" onClick={onClose}>
                Cancel
              </button>
            </p>
          </>
        )}
        {create.data && (
          <>
            <p>
              Run this on the host. The token is shown this once, and is good until{' '}
              {time(Date.parse(create.data.expires))}.
            </p>
            <code className="command">{command}</code>
            <p className="quiet">
              The host must reach {host}:{AGENT_PORT}. The token carries the fingerprint of this server&apos;s
              certificate authority, so the agent knows whom it talks to.
            </p>
            <p className="row">
              <button type="button" className="button primary" onClick={() => void copyText(command, 'Copied.')}>
                Copy
              </button>
              <button type="button" className="button" onClick={onClose}>
                Done
              </button>
            </p>
          </>
        )}
      </div>
    </Dialog>
  );
}
