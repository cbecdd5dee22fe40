// SPDX-License-Identifier: Apache-2.0
// Serves dist/ and the mock API with the server's own headers, above all its CSP: what the end-to-end tests run on.
// node mock-api/serve.mjs [--port N] [--tests N] [--now ISO] [--interval SECONDS] [--empty] [--signed-in] [--dist DIR]
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { brotliCompressSync, constants } from 'node:zlib';
import { createMock } from './handlers.mjs';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '5180' },
    tests: { type: 'string', default: '600' },
    now: { type: 'string' },
    interval: { type: 'string' },
    empty: { type: 'boolean', default: false },
    'signed-in': { type: 'boolean', default: false },
    dist: { type: 'string' },
  },
});
const dist = values.dist ?? fileURLToPath(new URL('../dist', import.meta.url));
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
};
/** As the server's (server/assets.cpp): of styles within the page those that it has, by their hashes. */
const STYLES = [...readFileSync(join(dist, 'index.html'), 'utf8').matchAll(/<style>([^]*?)<\/style>/g)]
  .map(([, text]) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`)
  .join(' ');
const CSP = `default-src 'self'; script-src 'self'; style-src 'self' ${STYLES}; img-src 'self' data:; connect-src 'self'; worker-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; report-uri /csp-report`;

const { handle, mock } = createMock({
  tests: Number(values.tests),
  now: values.now ? Date.parse(values.now) : undefined,
  interval: values.interval && Number(values.interval),
  empty: values.empty,
  signedIn: values['signed-in'],
});

const packed = new Map();
/** Nearly as small as the best of the packer's, which takes seconds for each megabyte. */
const PACKING = { params: { [constants.BROTLI_PARAM_QUALITY]: 6 } };

/** As the server has them: packed beforehand. Again when a build has made another of the same name. */
function contentOf(file, isPacked) {
  const { mtimeMs } = statSync(file);
  const key = `${file} ${mtimeMs} ${isPacked}`;
  if (!packed.has(key)) {
    const bytes = readFileSync(file);
    packed.set(key, isPacked ? brotliCompressSync(bytes, PACKING) : bytes);
  }
  return packed.get(key);
}

function serveFile(request, response, pathname) {
  const wanted = join(dist, normalize(pathname).replace(/^(\.\.[/\\])+/, ''));
  const file = existsSync(wanted) && statSync(wanted).isFile() ? wanted : join(dist, 'index.html');
  const isAsset = pathname.startsWith('/assets/');
  const isPacked = /\bbr\b/.test(request.headers['accept-encoding'] ?? '');
  response.writeHead(200, {
    'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream',
    ...(isPacked ? { 'Content-Encoding': 'br' } : {}),
    'Content-Security-Policy': CSP,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': isAsset ? 'public, max-age=31536000, immutable' : 'no-cache',
  });
  response.end(contentOf(file, isPacked));
}

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url, 'http://mock');
  if (pathname === '/mock/drop') {
    // Cuts all streams, as a server restart does.
    for (const stream of [...mock.streams]) stream.end();
    return response.writeHead(204).end();
  }
  if (pathname === '/mock/break') {
    mock.breakAll();
    return response.writeHead(204).end();
  }
  if (!handle(request, response)) serveFile(request, response, pathname);
});
server.listen(Number(values.port), '127.0.0.1', () =>
  console.log(`mock of linewatch on http://127.0.0.1:${server.address().port}, token: letmein`),
);
