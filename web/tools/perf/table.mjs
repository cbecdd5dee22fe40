// SPDX-License-Identifier: Apache-2.0
// The overview: its first picture, its table of all tests, time travel.
import {
  base,
  best,
  cpuNote,
  interactions,
  medianUntilShown,
  percentile,
  RUNS,
  signedIn,
  tell,
  threadSeconds,
} from './kit.mjs';

/** Chrome's "Slow 4G": bytes a second and milliseconds of a round trip. */
const SLOW = { offline: false, downloadThroughput: 200_000, uploadThroughput: 93_750, latency: 150 };

/** When the page saw its first row, by its own clock: who asks a slow page all the time makes it slower. */
async function firstRow(page) {
  for (let tries = 0; tries < 120; tries++) {
    await page.waitForTimeout(500);
    const at = await page.evaluate(() => window.firstRowAt).catch(() => 0); // on its way from page to page
    if (at) return at;
  }
  return Infinity;
}

async function firstPaint(isSlow) {
  const page = await signedIn();
  await page.addInitScript(() => {
    const look = () =>
      document.querySelector('.grid-row') ? (window.firstRowAt = performance.now()) : requestAnimationFrame(look);
    requestAnimationFrame(look);
  });
  if (isSlow) {
    const session = await page.context().newCDPSession(page);
    await session.send('Network.enable');
    await session.send('Network.emulateNetworkConditions', SLOW);
    await session.send('Emulation.setCPUThrottlingRate', { rate: 4 });
  }
  await page.goto(`${base}/?view=tests`, { waitUntil: 'commit' });
  const row = await firstRow(page);
  const paint = await page.evaluate(
    () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Infinity,
  );
  await page.context().close();
  return { paint, row };
}

export async function paints() {
  const plain = [];
  const slow = [];
  for (let i = 0; i < RUNS; i++) {
    plain.push(await firstPaint(false));
    slow.push(await firstPaint(true));
  }
  const least = (list, key) => Math.min(...list.map((each) => each[key]));
  tell('first contentful paint', 150, least(plain, 'paint'), 'ms', `first row ${Math.round(least(plain, 'row'))} ms`);
  tell('first contentful paint, 4x CPU, slow 4G', 600, least(slow, 'paint'), 'ms');
  tell('first table row, 4x CPU, slow 4G', 2000, least(slow, 'row'), 'ms');
}

export async function table(page) {
  const search = page.getByRole('searchbox', { name: 'Search' });
  await search.click();
  const typing = await best(async () => {
    await search.fill('');
    await page.waitForTimeout(600);
    return interactions(page, 15, (i) => page.keyboard.type('sim-network ams'[i], { delay: 60 }));
  });
  tell('typing in search, p95', 50, typing.p95, 'ms', cpuNote(typing));
  await search.fill('');
  await page.waitForTimeout(600);
  const click = (locator) => () => locator.click().then(() => page.waitForTimeout(400));
  const tile = page.getByRole('button', { name: /^Pass/ });
  const filter = await best(() => interactions(page, 6, click(tile)));
  tell('state filter, max', 100, filter.max, 'ms', cpuNote(filter, await medianUntilShown(page, tile)));
  const head = page.getByRole('columnheader', { name: 'RTT', exact: true }).getByRole('button');
  const sort = await best(() => interactions(page, 6, click(head)));
  tell('sort by RTT, max', 200, sort.max, 'ms', cpuNote(sort, await medianUntilShown(page, head)));
  const name = page.getByRole('columnheader', { name: 'Destination', exact: true }).getByRole('button');
  const words = await best(() => interactions(page, 6, click(name)));
  tell('sort by destination, max', 200, words.max, 'ms', cpuNote(words, await medianUntilShown(page, name)));
  await page.locator('[role=grid]').focus();
  const arrow = await best(() => interactions(page, 40, () => page.keyboard.press('ArrowDown', { delay: 25 })));
  tell('arrow down, p95', 50, arrow.p95, 'ms', cpuNote(arrow, 'live updates go on'));
}

export async function scroll(page) {
  const computed = await threadSeconds(page);
  const frames = await page.evaluate(async () => {
    const box = document.querySelector('[role=grid]');
    const found = [];
    let last = performance.now();
    for (let i = 0; i < 120; i++) {
      box.scrollTop += 260;
      await new Promise(requestAnimationFrame);
      const now = performance.now();
      found.push(now - last);
      last = now;
    }
    return found;
  });
  const cpu = ((await threadSeconds(page)) - computed) * (1000 / frames.length);
  tell('scroll, frame p95', 34, percentile(frames, 0.95), 'ms', cpuNote({ cpu }));
}

export async function travel(page) {
  // There and back: the instants are in the cache then.
  const steps = async (key) => {
    for (let i = 0; i < 6; i++) await page.keyboard.press(key).then(() => page.waitForTimeout(900));
  };
  await steps(',');
  await steps('.');
  const cached = await best(() =>
    interactions(page, 8, (i) => page.keyboard.press(i < 4 ? ',' : '.').then(() => page.waitForTimeout(400))),
  );
  tell('time-travel step, cached, p95', 80, cached.p95, 'ms', cpuNote(cached));
  await page.keyboard.press('l');
}

/** Rows change while the table is sorted by what changes: typing and arrow keys meanwhile. */
export async function live(page) {
  const head = page.getByRole('columnheader', { name: 'RTT', exact: true });
  while ((await head.getAttribute('aria-sort')) !== 'descending') {
    await head.getByRole('button').click();
    await page.waitForTimeout(500);
  }
  const rowsBefore = await page.evaluate(() => performance.now());
  await page.locator('[role=grid]').focus();
  const input = await best(() => interactions(page, 40, () => page.keyboard.press('ArrowDown', { delay: 45 })));
  const took = (await page.evaluate(() => performance.now())) - rowsBefore;
  tell('live updates, sorted by RTT: arrow keys, p95', 50, input.p95, 'ms', cpuNote(input));
  tell('the same: long tasks', 0, input.longTasks, '', `in the best of ${RUNS} runs, of ${Math.round(took / 1000)} s`);
}
