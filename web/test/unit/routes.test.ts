// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { matchPath, pathOf } from '../../src/core/url/routes.ts';

const PATTERNS = ['/', '/tests/$id', '/monitors/new', '/monitors/$name', '/monitors/$name/groups/$group'];

describe('a path', () => {
  test.each([
    ['/', '/', {}],
    ['/tests/00ab', '/tests/$id', { id: '00ab' }],
    ['/tests/00ab/', '/tests/$id', { id: '00ab' }],
    ['/monitors/new', '/monitors/new', {}],
    ['/monitors/news', '/monitors/$name', { name: 'news' }],
    ['/monitors/a%2Fb/groups/%C3%BC', '/monitors/$name/groups/$group', { name: 'a/b', group: 'ü' }],
  ])('%s is the page %s', (path, pattern, params) => {
    expect(matchPath(PATTERNS, path)).toEqual({ pattern, params });
  });

  test.each(['/nowhere', '/tests', '/tests/1/2', '/tests/%FF', '/Monitors/x'])('%s is no page', (path) => {
    expect(matchPath(PATTERNS, path)).toBeNull();
  });

  test('comes back from what was written, whatever a name has in it', () => {
    for (const name of ['a b', 'a/b', 'ü%', '$x', '?&#=', '..']) {
      const path = pathOf('/monitors/$name/groups/$group', { name, group: 'g' });
      expect(matchPath(PATTERNS, path)?.params).toEqual({ name, group: 'g' });
    }
  });
});
