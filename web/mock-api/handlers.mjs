// SPDX-License-Identifier: Apache-2.0
// The mock server's routes: the contract of api/openapi.yaml, over the world of world.mjs. In memory only.
import { aggregate, band, quantiles, round, rounds, rowsFrame, snapshotBytes, stateChanges, testRow } from './answers.mjs';
import { standing, STATES } from './conditions.mjs';
import { pathReport, topology } from './paths.mjs';
import { documents, expand, protocolOf, portOf, sourceAddress } from './world.mjs';
import { runQuery, capabilities, schema } from './logs.mjs';

const SUBSCRIPTION = '6a1f7a52-5a3e-4c57-9b5c-0f1f0d7f2f01';
const WORKSPACE = '0f6ad2c4-7d43-4d33-8f43-53e5f8b5a002';

/**
 * @param {{tests?:number, now?:number, signedIn?:boolean, empty?:boolean}} options
 * `now` sets the clock, which then runs on.
 */
export function createMock(options = {}) {
  const mock = new Mock(options);
  return { handle: (request, response) => mock.handle(request, response), mock };
}

class Refusal {
  constructor(status, code, message, details) {
    Object.assign(this, { status, code, message, details });
  }
}

class Mock {
  constructor({ tests = 600, now, signedIn = false, empty = false }) {
    this.offset = now === undefined ? 0 : now - Date.now();
    this.documents = empty ? [] : documents(tests);
    this.signedIn = signedIn;
    this.sessions = new Set();
    this.agentsRemoved = new Set();
    this.revision = 1;
    this.streams = new Set();
    this.replan();
    this.routes = routes(this);
  }

  now() {
    return Date.now() + this.offset;
  }

  replan() {
    this.tests = this.documents.flatMap(expand);
    this.byId = new Map(this.tests.map((test) => [test.hex, test]));
    this.revision++;
    for (const stream of this.streams) stream.send('plan', { revision: String(this.revision) });
  }

  /** False for paths that are not the API's. */
  handle(request, response) {
    const url = new URL(request.url, 'http://mock');
    if (!url.pathname.startsWith('/api/') && !url.pathname.startsWith('/v1/')) return false;
    this.answer(request, response, url).catch((error) => {
      const refusal = error instanceof Refusal ? error : new Refusal(500, 'Internal', String(error?.stack ?? error));
      reply(response, refusal.status, { error: { code: refusal.code, message: refusal.message, ...(refusal.details ? { details: refusal.details } : {}) } });
    });
    return true;
  }

  async answer(request, response, url) {
    const body = await read(request);
    const isSignedIn = this.signedIn || this.sessions.has(/linewatch_session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1]);
    for (const [method, pattern, handler, access] of this.routes) {
      const match = method === request.method ? pattern.exec(url.pathname) : null;
      if (!match) continue;
      if (access !== 'everybody' && !isSignedIn) throw new Refusal(401, 'Unauthenticated', 'Sign in with a token.');
      if (method !== 'GET' && request.headers['x-linewatch'] !== '1') throw new Refusal(403, 'PermissionDenied', 'The header X-Linewatch is missing.');
      const result = await handler({ url, query: url.searchParams, body, parts: match.slice(1).map(decodeURIComponent), request, response });
      if (!response.writableEnded && !response.headersSent) reply(response, result === undefined ? 204 : 200, result);
      return;
    }
    throw new Refusal(404, 'NotFound', `There is no ${url.pathname}.`);
  }
}

function read(request) {
  return new Promise((done, fail) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('error', fail);
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString();
      try {
        done(text ? JSON.parse(text) : null);
      } catch {
        done(null);
      }
    });
  });
}

function reply(response, status, body, headers = {}) {
  const isBytes = body instanceof Uint8Array;
  response.writeHead(status, { 'Content-Type': isBytes ? 'application/octet-stream' : 'application/json', 'Cache-Control': 'no-store', ...headers });
  response.end(body === undefined ? undefined : isBytes ? Buffer.from(body) : JSON.stringify(body));
}

function routes(mock) {
  const span = (query) => ({ from: Date.parse(query.get('from') ?? '') || mock.now() - 3_600_000, to: Date.parse(query.get('to') ?? '') || mock.now() });
  const instant = (query) => Date.parse(query.get('at') ?? '') || mock.now();
  const number = (query, name, usual) => Number(query.get(name) ?? usual);
  const test = (id) => {
    const found = mock.byId.get(id.padStart(16, '0'));
    if (!found) throw new Refusal(404, 'NotFound', `There is no test ${id}.`);
    return found;
  };
  const where = (query) => {
    const wanted = { connectionMonitor: 'monitor', testGroup: 'group', source: 'source', destination: 'destination', testConfiguration: 'configuration' };
    const ids = query.get('ids')?.split(',');
    return mock.tests.filter((each) => Object.entries(wanted).every(([key, name]) => !query.get(key) || query.get(key) === each[name]) && (!ids || ids.includes(each.hex)));
  };
  return [...sessionRoutes(mock), ...pastRoutes(mock, { span, instant, number, test, where }), ...planRoutes(mock), ...agentRoutes(mock), ...logRoutes(mock)];
}

function sessionRoutes(mock) {
  const session = () => ({ name: 'anna', role: 'administrator', expires: null, serverTime: new Date(mock.now()).toISOString(), version: '0.1.0-mock', subscription: SUBSCRIPTION, workspace: WORKSPACE, host: 'mock' });
  return [
    ['POST', /^\/api\/v1\/session$/, ({ body, response }) => {
      if (body?.token !== 'letmein') throw new Refusal(401, 'Unauthenticated', 'This token is not known, or has ended.');
      const key = String(Math.random()).slice(2);
      mock.sessions.add(key);
      reply(response, 200, session(), { 'Set-Cookie': `linewatch_session=${key}; HttpOnly; SameSite=Strict; Path=/` });
    }, 'everybody'],
    ['GET', /^\/api\/v1\/session$/, session],
    ['DELETE', /^\/api\/v1\/session$/, () => {
      mock.sessions.clear();
      mock.signedIn = false;
    }],
    ['GET', /^\/api\/v1\/status$/, () => ({ version: '0.1.0-mock', started: new Date(mock.now() - 9e7).toISOString(), dataDirectory: '/var/lib/linewatch', connectionMonitors: mock.documents.length, tests: mock.tests.length, agents: 12, agentsConnected: 11, problems: [] })],
    ['GET', /^\/api\/v1\/stream$/, ({ request, response }) => openStream(mock, request, response)],
  ];
}

function openStream(mock, request, response) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  const send = (name, data) => response.write(`id: ${mock.revision}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  const stream = { send, end: () => response.end() };
  mock.streams.add(stream);
  send('hello', { revision: String(mock.revision), rows: mock.tests.length });
  let last = mock.now();
  const timer = setInterval(() => {
    const now = mock.now();
    const changed = mock.tests.filter((each) => standing(each, now).lastRound > last).slice(0, 2000);
    last = now;
    if (changed.length) send('rows', rowsFrame(changed, now, ++mock.revision));
  }, 1000);
  const beat = setInterval(() => response.write(': beat\n\n'), 15_000);
  request.on('close', () => {
    clearInterval(timer);
    clearInterval(beat);
    mock.streams.delete(stream);
  });
}

function pastRoutes(mock, { span, instant, number, test, where }) {
  return [
    ['GET', /^\/api\/v1\/snapshot$/, ({ query, response }) => reply(response, 200, snapshotBytes(mock.tests, instant(query), !query.get('at'), mock.revision))],
    ['GET', /^\/api\/v1\/test-rows$/, ({ query }) => {
      const { from, to } = span(query);
      const ids = (query.get('ids') ?? '').split(',').filter((id) => mock.byId.has(id));
      return { value: ids.map((id) => testRow(test(id), from, to, instant(query), number(query, 'points', 60))) };
    }],
    ['GET', /^\/api\/v1\/band$/, ({ query }) => {
      const { from, to } = span(query);
      return band(where(query), from, to, number(query, 'steps', 288), mock.now());
    }],
    ['GET', /^\/api\/v1\/state-changes$/, ({ query }) => {
      const { from, to } = span(query);
      return { value: stateChanges(where(query), from, Math.min(to, mock.now()), number(query, 'limit', 100)) };
    }],
    ['GET', /^\/api\/v1\/aggregate$/, ({ query }) => {
      const { from, to } = span(query);
      return aggregate(where(query), from, to, number(query, 'points', 200), query.get('by') ?? 'none', mock.now());
    }],
    ['GET', /^\/api\/v1\/topology$/, ({ query }) => topology(where(query).slice(0, 200), instant(query))],
    ['GET', /^\/api\/v1\/faults$/, () => ({ value: [{ text: 'the link from 10.100.6.1 to 10.7.3.1 adds 96 ms for 12 tests', confidence: 0.94, addedMs: 96, candidates: 1, failingTestsCrossing: 12, failingTests: 12, healthyTestsCrossing: 0, healthyTests: 80, tests: mock.tests.slice(0, 12).map((each) => each.hex) }] })],
    ['GET', /^\/api\/v1\/tests\/([0-9a-f]+)$/, ({ parts }) => testDocument(test(parts[0]), mock.now())],
    ['GET', /^\/api\/v1\/tests\/([0-9a-f]+)\/quantiles$/, ({ parts, query }) => {
      const { from, to } = span(query);
      return quantiles(test(parts[0]), from, to, number(query, 'points', 600), mock.now());
    }],
    ['GET', /^\/api\/v1\/tests\/([0-9a-f]+)\/rounds$/, ({ parts, query }) => {
      const { from, to } = span(query);
      return { value: rounds(test(parts[0]), from, Math.min(to, mock.now()), number(query, 'limit', 100)) };
    }],
    ['GET', /^\/api\/v1\/tests\/([0-9a-f]+)\/changes$/, ({ parts, query }) => {
      const { from, to } = span(query);
      return { value: stateChanges([test(parts[0])], from, Math.min(to, mock.now()), number(query, 'limit', 100)) };
    }],
    ['GET', /^\/api\/v1\/tests\/([0-9a-f]+)\/paths$/, ({ parts, query }) => pathReport(test(parts[0]), instant(query))],
    ['POST', /^\/api\/v1\/tests\/([0-9a-f]+)\/trace$/, ({ parts }) => ({ requested: new Date(mock.now()).toISOString(), testId: test(parts[0]).hex })],
    ['POST', /^\/api\/v1\/tests\/([0-9a-f]+)\/run$/, ({ parts }) => round(test(parts[0]), standing(test(parts[0]), mock.now()))],
  ];
}

function testDocument(test, t) {
  const now = standing(test, t);
  const orNull = (value) => (Number.isFinite(value) ? value : null);
  return {
    id: test.hex, connectionMonitor: test.monitor, testGroup: test.group, source: test.source, destination: test.destination, testConfiguration: test.configuration,
    protocol: protocolOf(test.document), port: portOf(test.document) || null, destinationAddress: test.address, frequencySec: test.document.testFrequencySec ?? 60, agent: test.agent,
    state: STATES[now.state], reason: { code: now.code, text: now.text, observed: orNull(now.observed), limit: orNull(now.limit) }, since: new Date(now.since).toISOString(),
    lastRound: Number.isFinite(now.lastRound) ? new Date(now.lastRound).toISOString() : null, checksFailedPercent: orNull(now.failedPercent), roundTripTimeMs: orNull(now.rtt),
    checkedAddress: test.checkedAddress, httpStatus: now.httpStatus || null, certificateExpires: null, pathIssues: pathReport(test, t).issues,
  };
}

function planRoutes(mock) {
  const view = (document) => {
    const tests = mock.tests.filter((test) => test.monitor === document.name);
    return { name: document.name, state: 'Pass', reason: null, tests: tests.length, etag: '"1"', created: new Date(mock.now() - 9e8).toISOString(), updated: new Date(mock.now() - 9e7).toISOString(), document };
  };
  const find = (name) => {
    const found = mock.documents.find((each) => each.name.toLowerCase() === name.toLowerCase());
    if (!found) throw new Refusal(404, 'NotFound', `There is no connection monitor ${name}.`);
    return found;
  };
  return [
    ['GET', /^\/api\/v1\/connection-monitors$/, () => ({ value: mock.documents.map(view) })],
    ['GET', /^\/api\/v1\/connection-monitors\/([^/]+)$/, ({ parts }) => view(find(parts[0]))],
    ['PUT', /^\/api\/v1\/connection-monitors\/([^/]+)$/, ({ parts, body }) => {
      const faults = faultsOf(body ?? {});
      if (faults.length) throw new Refusal(400, 'InvalidInput', faults[0].message, faults.map((fault) => ({ ...fault, text: fault.message })));
      mock.documents = [...mock.documents.filter((each) => each.name !== parts[0]), { ...body, name: parts[0] }];
      mock.replan();
      const tests = mock.tests.filter((each) => each.monitor === parts[0]).length;
      return { dryRun: false, changes: [{ name: parts[0], change: 'created', tests, testsAdded: tests, testsRemoved: 0, differences: [] }], warnings: [] };
    }],
    ['DELETE', /^\/api\/v1\/connection-monitors\/([^/]+)$/, ({ parts }) => {
      find(parts[0]);
      mock.documents = mock.documents.filter((each) => each.name !== parts[0]);
      mock.replan();
    }],
    ['POST', /^\/api\/v1\/preview$/, ({ body }) => previewOf(body ?? {})],
  ];
}

function faultsOf(document) {
  const faults = [];
  const fault = (path, message) => faults.push({ path, message });
  if (!document.name) fault('name', 'a connection monitor needs a name');
  (document.endpoints ?? []).forEach((each, i) => {
    if (!each.name) fault(`endpoints[${i}].name`, 'an endpoint needs a name');
    if (each.type === 'ExternalAddress' && !each.address) fault(`endpoints[${i}].address`, 'an external address needs an address or a host name');
  });
  (document.testGroups ?? []).forEach((group, i) => {
    for (const key of ['sources', 'destinations', 'testConfigurations']) if (!group[key]?.length) fault(`testGroups[${i}].${key}`, `the test group needs ${key}`);
  });
  if (!document.testGroups?.length) fault('testGroups', 'a connection monitor needs a test group');
  return faults;
}

function previewOf(document) {
  const matrix = (document.testGroups ?? []).map((group) => ({ testGroup: group.name, sources: group.sources ?? [], destinations: group.destinations ?? [], configurations: group.testConfigurations ?? [], tests: (group.sources?.length ?? 0) * (group.destinations?.length ?? 0) * (group.testConfigurations?.length ?? 0) }));
  const tests = matrix.reduce((sum, group) => sum + group.tests, 0);
  return { faults: faultsOf(document), warnings: [], tests, matrix, checksPerSecond: tests / 6 };
}

function agentRoutes(mock) {
  const agents = () => [...new Set(mock.tests.map((each) => each.source))].sort().filter((name) => !mock.agentsRemoved.has(name)).slice(0, 200);
  return [
    ['GET', /^\/api\/v1\/agents$/, () => ({ value: agents().map((name, i) => ({ id: String(i), name, connected: !name.startsWith('jnb1'), lastSeen: new Date(mock.now() - 2000).toISOString(), labels: { site: name.slice(0, 4) }, addresses: [sourceAddress(name)], joined: new Date(mock.now() - 9e8).toISOString(), ...(name.startsWith('jnb1') ? {} : { connectedSince: new Date(mock.now() - 9e7).toISOString(), version: '0.1.0', assignmentInForce: true, roundsWaiting: 0, roundsDropped: 0, intervalsMissed: 0, clockOffsetMs: 1.5, problem: '', pathProblem: '', selfTest: { hasRawSockets: true, stamps: 'Kernel', errorUs: 40 } }) })) })],
    ['DELETE', /^\/api\/v1\/agents\/([^/]+)$/, ({ parts }) => void mock.agentsRemoved.add(parts[0])],
    ['POST', /^\/api\/v1\/join-tokens$/, ({ body }) => ({ token: 'lwj_4f7d0c2ab97e', expires: new Date(mock.now() + 86_400_000).toISOString(), uses: body?.uses ?? 1 })],
  ];
}

function logRoutes(mock) {
  return [
    ['POST', /^\/v1\/workspaces\/([^/]+)\/query$/, ({ body }) => {
      const answer = runQuery(String(body?.query ?? ''), mock.tests, mock.now());
      if (answer.fault) throw new Refusal(400, 'BadArgumentError', answer.fault);
      return answer;
    }],
    ['GET', /^\/api\/v1\/kql\/schema$/, () => schema()],
    ['GET', /^\/api\/v1\/kql\/capabilities$/, () => capabilities()],
  ];
}
