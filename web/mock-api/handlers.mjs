// SPDX-License-Identifier: Apache-2.0
// The mock server's routes: the contract of api/openapi.yaml, over the world of world.mjs. In memory only.
import { alertRoutes, firstAlerts } from './alert_routes.mjs';
import { alertCodes } from './alerts.mjs';
import { rowsFrame } from './answers.mjs';
import { breakEverything, lastRoundOf, standing } from './conditions.mjs';
import { read, Refusal, reply } from './http.mjs';
import { bookmarkRoutes } from './bookmarks.mjs';
import { capabilities, runQuery, schema } from './logs.mjs';
import { pastRoutes } from './past_routes.mjs';
import { planRoutes } from './plan_routes.mjs';
import { documents, expand, sourceAddress } from './world.mjs';

const SUBSCRIPTION = '6a1f7a52-5a3e-4c57-9b5c-0f1f0d7f2f01';
const FRAME_ROWS = 20_000;
/** Alerts of combinations of tests are judged from all of them up to so many. */
const JUDGED_MAX = 5_000;
const WORKSPACE = '0f6ad2c4-7d43-4d33-8f43-53e5f8b5a002';

/**
 * @param {{tests?:number, now?:number, signedIn?:boolean, empty?:boolean, interval?:number}} options
 * `now` sets the clock, which then runs on; `interval` is that of all tests, in seconds.
 */
export function createMock(options = {}) {
  const mock = new Mock(options);
  return { handle: (request, response) => mock.handle(request, response), mock };
}

class Mock {
  constructor({ tests = 600, now, signedIn = false, empty = false, interval }) {
    this.offset = now === undefined ? 0 : now - Date.now();
    this.documents = empty ? [] : documents(tests);
    this.interval = interval;
    for (const { testConfigurations } of interval ? this.documents : [])
      for (const each of testConfigurations) each.testFrequencySec = interval;
    this.signedIn = signedIn;
    this.sessions = new Set();
    this.agentsRemoved = new Set();
    this.revision = 1;
    this.streams = new Set();
    this.alerting = empty ? { rules: new Map(), groups: new Map() } : firstAlerts(this.alertId);
    this.resolvedByHand = new Set();
    this.replan();
    this.routes = routes(this);
  }

  now() {
    return Date.now() + this.offset;
  }

  alertId(kind, name) {
    return `/subscriptions/${SUBSCRIPTION}/resourceGroups/NetworkWatcherRG/providers/Microsoft.Insights/${kind}/${name}`;
  }

  /** For each of the tests the code of the gravest alert; of a large mock from these tests alone. */
  alertCodes(tests, standings, t, isLive) {
    const rules = [...this.alerting.rules].map(([name, document]) => ({ name, document }));
    const resolved = isLive ? this.resolvedByHand : new Set();
    if (tests.length === this.tests.length || this.tests.length > JUDGED_MAX)
      return alertCodes(rules, tests, standings, resolved);
    const all = this.tests.map((test) => standing(test, t));
    const codes = alertCodes(rules, this.tests, all, resolved);
    const codeOf = new Map(this.tests.map((test, i) => [test, codes[i]]));
    return tests.map((test) => codeOf.get(test));
  }

  /** After a change of rules: all rows, as if each had changed. */
  tellAlerts() {
    const frame = this.frame(this.tests, this.now());
    for (const stream of this.streams) stream.send('rows', frame);
  }

  /** Of a large mock only some tests move, or it would have no time for anything else, unless that is asked for. */
  moving() {
    return this.interval ? this.tests : this.tests.slice(0, 3000);
  }

  frame(tests, now) {
    return rowsFrame(tests, now, ++this.revision, (some, standings) => this.alertCodes(some, standings, now, true));
  }

  replan() {
    this.tests = this.documents.flatMap(expand);
    this.byId = new Map(this.tests.map((test) => [test.hex, test]));
    this.revision++;
    for (const stream of this.streams) stream.send('plan', { revision: String(this.revision) });
  }

  /** All tests fail at once; the stream tells of it as the server does, in frames of 20,000 rows. */
  breakAll() {
    const now = this.now();
    breakEverything(now - 600_000);
    for (let first = 0; first < this.tests.length; first += FRAME_ROWS) {
      const frame = this.frame(this.tests.slice(first, first + FRAME_ROWS), now);
      for (const stream of this.streams) stream.send('rows', frame);
    }
  }

  /** False for paths that are not the API's. */
  handle(request, response) {
    const url = new URL(request.url, 'http://mock');
    if (!url.pathname.startsWith('/api/') && !url.pathname.startsWith('/v1/')) return false;
    response.setHeader('Date', new Date(this.now()).toUTCString());
    this.answer(request, response, url).catch((error) => {
      const refusal = error instanceof Refusal ? error : new Refusal(500, 'Internal', String(error?.stack ?? error));
      reply(response, refusal.status, {
        error: {
          code: refusal.code,
          message: refusal.message,
          ...(refusal.details ? { details: refusal.details } : {}),
        },
      });
    });
    return true;
  }

  async answer(request, response, url) {
    const body = await read(request);
    const isSignedIn =
      this.signedIn || this.sessions.has(/linewatch_session=([^;]+)/.exec(request.headers.cookie ?? '')?.[1]);
    for (const [method, pattern, handler, access] of this.routes) {
      const match = method === request.method ? pattern.exec(url.pathname) : null;
      if (!match) continue;
      if (access !== 'everybody' && !isSignedIn) throw new Refusal(401, 'Unauthenticated', 'Sign in with a token.');
      if (method !== 'GET' && request.headers['x-linewatch'] !== '1')
        throw new Refusal(403, 'PermissionDenied', 'The header X-Linewatch is missing.');
      const result = await handler({
        url,
        query: url.searchParams,
        body,
        parts: match.slice(1).map(decodeURIComponent),
        request,
        response,
      });
      if (!response.writableEnded && !response.headersSent) reply(response, result === undefined ? 204 : 200, result);
      return;
    }
    throw new Refusal(404, 'NotFound', `There is no ${url.pathname}.`);
  }
}

function routes(mock) {
  const span = (query) => ({
    from: Date.parse(query.get('from') ?? '') || mock.now() - 3_600_000,
    to: Date.parse(query.get('to') ?? '') || mock.now(),
  });
  const instant = (query) => Date.parse(query.get('at') ?? '') || mock.now();
  const number = (query, name, usual) => Number(query.get(name) ?? usual);
  const test = (id) => {
    const found = mock.byId.get(id.padStart(16, '0'));
    if (!found) throw new Refusal(404, 'NotFound', `There is no test ${id}.`);
    return found;
  };
  const where = (query) => {
    const wanted = {
      connectionMonitor: 'monitor',
      testGroup: 'group',
      source: 'source',
      destination: 'destination',
      testConfiguration: 'configuration',
    };
    const ids = query.get('ids')?.split(',');
    return mock.tests.filter(
      (each) =>
        Object.entries(wanted).every(([key, name]) => !query.get(key) || query.get(key) === each[name]) &&
        (!ids || ids.includes(each.hex)),
    );
  };
  return [
    ...sessionRoutes(mock),
    ...pastRoutes(mock, { span, instant, number, test, where }),
    ...planRoutes(mock),
    ...alertRoutes(mock, { span, number }),
    ...agentRoutes(mock),
    ...bookmarkRoutes(mock),
    ...logRoutes(mock),
  ];
}

function sessionRoutes(mock) {
  const session = () => ({
    name: 'anna',
    role: 'administrator',
    expires: null,
    serverTime: new Date(mock.now()).toISOString(),
    version: '0.1.0-mock',
    subscription: SUBSCRIPTION,
    workspace: WORKSPACE,
    host: 'mock',
  });
  return [
    [
      'POST',
      /^\/api\/v1\/session$/,
      ({ body, response }) => {
        if (body?.token !== 'letmein')
          throw new Refusal(401, 'Unauthenticated', 'This token is not known, or has ended.');
        const key = String(Math.random()).slice(2);
        mock.sessions.add(key);
        reply(response, 200, session(), {
          'Set-Cookie': `linewatch_session=${key}; HttpOnly; SameSite=Strict; Path=/`,
        });
      },
      'everybody',
    ],
    ['GET', /^\/api\/v1\/session$/, session],
    ['GET', /^\/api\/v1\/sign-in$/, () => ({ provider: null }), 'everybody'],
    [
      'DELETE',
      /^\/api\/v1\/session$/,
      () => {
        mock.sessions.clear();
        mock.signedIn = false;
      },
    ],
    [
      'GET',
      /^\/api\/v1\/status$/,
      () => ({
        version: '0.1.0-mock',
        started: new Date(mock.now() - 9e7).toISOString(),
        dataDirectory: '/var/lib/linewatch',
        connectionMonitors: mock.documents.length,
        tests: mock.tests.length,
        agents: 12,
        agentsConnected: 11,
        problems: [],
      }),
    ],
    ['GET', /^\/api\/v1\/stream$/, ({ request, response }) => openStream(mock, request, response)],
  ];
}

function openStream(mock, request, response) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  const send = (name, data) =>
    response.write(`id: ${mock.revision}\nevent: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  const stream = { send, end: () => response.end() };
  mock.streams.add(stream);
  send('hello', { revision: String(mock.revision), rows: mock.tests.length });
  let last = mock.now();
  const timer = setInterval(() => {
    const now = mock.now();
    const changed = mock.moving().filter((each) => lastRoundOf(each, now) > last);
    last = now;
    if (changed.length) send('rows', mock.frame(changed, now));
  }, 1000);
  const beat = setInterval(() => response.write(': beat\n\n'), 15_000);
  request.on('close', () => {
    clearInterval(timer);
    clearInterval(beat);
    mock.streams.delete(stream);
  });
}

function agentRoutes(mock) {
  const agents = () =>
    [...new Set(mock.tests.map((each) => each.source))]
      .sort()
      .filter((name) => !mock.agentsRemoved.has(name))
      .slice(0, 200);
  return [
    [
      'GET',
      /^\/api\/v1\/agents$/,
      () => ({
        value: agents().map((name, i) => ({
          id: String(i),
          name,
          connected: !name.startsWith('jnb1'),
          lastSeen: new Date(mock.now() - 2000).toISOString(),
          labels: { site: name.slice(0, 4) },
          addresses: [sourceAddress(name)],
          joined: new Date(mock.now() - 9e8).toISOString(),
          ...(name.startsWith('jnb1')
            ? {}
            : {
                connectedSince: new Date(mock.now() - 9e7).toISOString(),
                version: '0.1.0',
                assignmentInForce: true,
                roundsWaiting: 0,
                roundsDropped: 0,
                intervalsMissed: 0,
                clockOffsetMs: 1.5,
                problem: '',
                pathProblem: '',
                listening: name.startsWith('ams2')
                  ? [
                      { port: 8443, outcome: 'Listening', problem: '' },
                      { port: 443, outcome: 'PortInUse', problem: 'something else on this host has the port' },
                    ]
                  : [],
                selfTest: { hasRawSockets: true, stamps: 'Kernel', errorUs: 40 },
              }),
        })),
      }),
    ],
    ['DELETE', /^\/api\/v1\/agents\/([^/]+)$/, ({ parts }) => void mock.agentsRemoved.add(parts[0])],
    [
      'POST',
      /^\/api\/v1\/join-tokens$/,
      ({ body }) => ({
        token: 'lwj_4f7d0c2ab97e',
        expires: new Date(mock.now() + 86_400_000).toISOString(),
        uses: body?.uses ?? 1,
      }),
    ],
  ];
}

function logRoutes(mock) {
  return [
    [
      'POST',
      /^\/v1\/workspaces\/([^/]+)\/query$/,
      ({ body }) => {
        const answer = runQuery(String(body?.query ?? ''), mock.tests, mock.now());
        if (answer.fault) throw new Refusal(400, 'BadArgumentError', answer.fault);
        return answer;
      },
    ],
    ['GET', /^\/api\/v1\/kql\/schema$/, () => schema()],
    ['GET', /^\/api\/v1\/kql\/capabilities$/, () => capabilities()],
  ];
}
