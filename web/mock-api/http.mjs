// SPDX-License-Identifier: Apache-2.0
// Bodies in, answers out.
import { gzipSync } from 'node:zlib';

/** An answer that says no: thrown by handlers. */
export class Refusal {
  constructor(status, code, message, details) {
    Object.assign(this, { status, code, message, details });
  }
}

export function read(request) {
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

/** Bytes, packed for who takes that, as the server does with many tests. */
export function replyPacked(request, response, bytes) {
  const isPacked = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '') && bytes.length > 30_000;
  if (!isPacked) return reply(response, 200, bytes);
  reply(response, 200, gzipSync(bytes, { level: 1 }), { 'Content-Encoding': 'gzip' });
}

export function reply(response, status, body, headers = {}) {
  const isBytes = body instanceof Uint8Array;
  response.writeHead(status, {
    'Content-Type': isBytes ? 'application/octet-stream' : 'application/json',
    'Cache-Control': 'no-store',
    ...headers,
  });
  response.end(body === undefined ? undefined : isBytes ? Buffer.from(body) : JSON.stringify(body));
}
