// SPDX-License-Identifier: Apache-2.0
// Checks the built bundle against budgets.json (gzip -9, kB of 1000 bytes). Prints a table; exits 1 if one is broken.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const root = fileURLToPath(new URL('..', import.meta.url));
const budgets = JSON.parse(readFileSync(join(root, 'budgets.json'), 'utf8'));
const assets = join(root, 'dist/assets');
const sizes = new Map(
  readdirSync(assets).map((name) => [name, gzipSync(readFileSync(join(assets, name)), { level: 9 }).length / 1000]),
);

/** A file and everything that it imports statically. */
function closure(name, found = new Set()) {
  if (found.has(name)) return found;
  found.add(name);
  if (!name.endsWith('.js')) return found;
  const text = readFileSync(join(assets, name), 'utf8');
  for (const match of text.matchAll(/(?:from|import)\s*["']\.\/([\w.-]+\.js)["']/g)) closure(match[1], found);
  return found;
}

const html = readFileSync(join(root, 'dist/index.html'), 'utf8');
const initial = new Set(
  [...html.matchAll(/\/assets\/([\w.-]+\.(?:js|css))/g)].flatMap((match) => [...closure(match[1])]),
);
const isKusto = (name) => /^(Kusto|bridge|kusto)/.test(name);
const isLogs = (name) => name.startsWith('LogsPage');
const sum = (names) => [...names].reduce((total, name) => total + (sizes.get(name) ?? 0), 0);
const others = [...sizes.keys()].filter(
  (name) => name.endsWith('.js') && !initial.has(name) && !isKusto(name) && !isLogs(name),
);
const largest = others.reduce((a, b) => (sizes.get(a) > sizes.get(b) ? a : b), others[0]);

const rows = [
  ['initial JS+CSS', budgets.initialJsCssKb, sum(initial)],
  [`largest other chunk (${largest})`, budgets.otherChunkKb, sizes.get(largest)],
  [
    'logs editor chunk',
    budgets.logsEditorChunkKb,
    sum([...sizes.keys()].filter((name) => isLogs(name) && name.endsWith('.js'))),
  ],
  ['Kusto worker', budgets.kustoWorkerKb, sum([...sizes.keys()].filter(isKusto))],
  [
    'whole dist without Kusto',
    budgets.wholeDistWithoutKustoKb,
    sum([...sizes.keys()].filter((name) => !isKusto(name))),
  ],
];
let isBroken = false;
for (const [name, limit, value] of rows) {
  const isOver = !(value <= limit);
  isBroken ||= isOver;
  console.log(`${isOver ? 'OVER' : 'ok  '} ${value.toFixed(1).padStart(7)} of ${limit} kB  ${name}`);
}
process.exitCode = isBroken ? 1 : 0;
if (process.argv.includes('-v'))
  for (const name of initial) console.log(`${sizes.get(name).toFixed(1).padStart(7)} kB  ${name}`);
