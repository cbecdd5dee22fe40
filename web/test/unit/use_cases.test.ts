// SPDX-License-Identifier: Apache-2.0
// docs/use-cases.md says which test a use case of the seed documents has: each that it names must be there.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const root = new URL('../../../', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, root), 'utf8');
const page = read('docs/use-cases.md');
const rows = page.split('\n').filter((line) => /^\| (?!use case|---)/.test(line));
const NAMED = /"([^"]+)" \(`([\w-]+)`\)/g;

test.each(rows.map((row) => [row.split('|')[1]!.trim(), row] as const))('%s', (_, row) => {
  const named = [...row.matchAll(NAMED)];
  // A row without a test says so by a dash in its last column.
  expect(named.length > 0 || /\| –\s*\|$/.test(row)).toBe(true);
  for (const [, name, file] of named) {
    const spec = read(`web/test/e2e/${file}.spec.ts`);
    const isThere = ["'", '"'].some((quote) => spec.includes(`test(${quote}${name}${quote}, `));
    expect(isThere, `${file}: ${name}`).toBe(true);
  }
});

test('the page names use cases', () => expect(rows.length).toBeGreaterThan(30));
