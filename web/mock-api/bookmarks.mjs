// SPDX-License-Identifier: Apache-2.0
// Saved views and short links of the mock, which has one user.
import { Refusal } from './http.mjs';
import { hash } from './world.mjs';

export function bookmarkRoutes(mock) {
  const views = new Map();
  const links = new Map();
  const key = (name, isShared) => `${isShared} ${name.toLowerCase()}`;
  const targetOf = (body) => {
    const target = String(body?.target ?? '');
    if (!/^\/(?!\/)/.test(target)) throw new Refusal(400, 'InvalidInput', '`target` must be a path of the web UI.');
    return target;
  };
  const now = () => new Date(mock.now()).toISOString();
  return [
    [
      'GET',
      /^\/api\/v1\/saved-views$/,
      () => ({ value: [...views.values()].sort((a, b) => a.name.localeCompare(b.name)) }),
    ],
    [
      'PUT',
      /^\/api\/v1\/saved-views\/([^/]+)$/,
      ({ parts: [name], body }) => {
        const shared = body?.shared === true;
        const view = { name, target: targetOf(body), shared, author: 'anna', updated: now() };
        views.set(key(name, shared), view);
        return view;
      },
    ],
    [
      'DELETE',
      /^\/api\/v1\/saved-views\/([^/]+)$/,
      ({ parts: [name], query }) => {
        if (!views.delete(key(name, query.get('shared') === 'true')))
          throw new Refusal(404, 'NotFound', `There is no saved view ${name}.`);
      },
    ],
    [
      'POST',
      /^\/api\/v1\/links$/,
      ({ body }) => {
        const target = targetOf(body);
        const id = hash(target).toString(36).padStart(7, '0');
        links.set(id, { id, target, author: 'anna', created: now() });
        return links.get(id);
      },
    ],
    [
      'GET',
      /^\/api\/v1\/links\/([^/]+)$/,
      ({ parts: [id] }) => {
        if (!links.has(id)) throw new Refusal(404, 'NotFound', `There is no link ${id}.`);
        return links.get(id);
      },
    ],
  ];
}
