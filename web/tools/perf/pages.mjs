// SPDX-License-Identifier: Apache-2.0
// Charts, the topology and the query editor. What a server would have to hold for their largest pictures (ten series of
// 10,000 steps, ways over 1,000 hops) is made up here and answered in the server's place; all else is the server's.
import {
  best,
  cpuNote,
  drawnAfter,
  framesDuring,
  goTo,
  interactions,
  longestTaskOnRelease,
  percentile,
  RUNS,
  tell,
} from './kit.mjs';

const STEP_S = 60;

/** Answers of that path are made from the question instead; after `delay.ms`, which `measure` may set. */
async function answering(page, pattern, make, measure) {
  const delay = { ms: 0 };
  const answer = async (route) => {
    const json = make(new URL(route.request().url()));
    await new Promise((done) => setTimeout(done, delay.ms));
    await route.fulfill({ json }).catch(() => undefined); // the page may have given it up
  };
  await page.route(pattern, answer);
  await measure(delay);
  await page.unroute(pattern, answer);
}

/** Later than the frames that are measured: those of what is there already. */
const LATER_MS = 500;

/** Milliseconds with three digits behind the point, as the server sends them. */
const rttOf = (least, n) => Number((least + 4 * Math.abs((Math.sin(n * 12.9898) * 43758.5453) % 1)).toFixed(3));

/** So many steps before the asked end. */
function aggregateOf(url, series, steps) {
  const to = Date.parse(url.searchParams.get('to') ?? '') || Date.now();
  const time = Array.from({ length: steps }, (_, i) => to - (steps - i) * STEP_S * 1000);
  const values = (s) => time.map((_, i) => rttOf(20 + s * 8, s * steps + i));
  return {
    from: new Date(time[0]).toISOString(),
    stepSec: STEP_S,
    time,
    series: Array.from({ length: series }, (_, s) => ({
      name: `series-${s}`,
      tests: 10,
      rttMs: values(s),
      checksFailedPercent: time.map(() => 0),
    })),
  };
}

function quantilesOf(url, steps) {
  const to = Date.parse(url.searchParams.get('to') ?? '') || Date.now();
  const time = Array.from({ length: steps }, (_, i) => to - (steps - i) * STEP_S * 1000);
  return {
    from: new Date(time[0]).toISOString(),
    stepSec: STEP_S,
    time,
    total: time.map(() => 20),
    failed: time.map((_, i) => (i % 97 === 0 ? 3 : 0)),
    quantiles: Array.from({ length: 10 }, (_, q) => time.map((_, i) => rttOf(10 + 4 * q, i + q))),
  };
}

/** Drags over a chart, which zooms; gives the median of six of what each blocks the page. */
async function zoomTask(page, canvas) {
  const longest = [];
  for (let i = 0; i < 6; i++) {
    const box = await canvas.boundingBox();
    const y = box.y + box.height / 2;
    await page.mouse.move(box.x + box.width * 0.05, y);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.95, y, { steps: 3 });
    await page.waitForTimeout(200);
    longest.push(await longestTaskOnRelease(page, 150));
    await page.waitForTimeout(2 * LATER_MS);
  }
  return percentile(longest, 0.5);
}

/** Elsewhere and back by `path`, so that it is drawn anew; the median of three. */
async function firstDrawn(page, path, part, selector, days = 3) {
  const found = [];
  for (let i = 0; i < RUNS; i++) {
    await goTo(page, '/agents');
    await page.getByRole('heading', { level: 1, name: 'Agents' }).waitFor();
    await page.waitForTimeout(500);
    // Another range each time: none of the answers is in the page's cache.
    found.push(await drawnAfter(page, part, selector, () => goTo(page, `${path}from=now-${days + i}d`)));
    await page.waitForTimeout(700);
  }
  return percentile(found, 0.5);
}

/** The page asks for 300 steps a line; a server that gives 10,000 is the budget's. */
const STEPS_ASKED = 300;
const STEPS_MOST = 10_000;

/** Ten lines of so many steps. */
async function lines(page, steps) {
  const name = `chart of 10 x ${steps}`;
  await answering(
    page,
    /\/api\/v1\/aggregate\?/,
    (url) => aggregateOf(url, 10, steps),
    async (delay) => {
      const days = steps === STEPS_ASKED ? 3 : 3 + RUNS;
      const first = await firstDrawn(page, '/metrics-explorer?', '/aggregate', '.u-over', days);
      tell(`${name}, first`, 80, first, 'ms', 'from the last byte of the answer, parsing included');
      const canvas = page.locator('.u-over').first();
      delay.ms = LATER_MS;
      const zoom = await zoomTask(page, canvas);
      tell(`${name}, zoom`, 20, zoom, 'ms', 'longest task, median of six');
      const box = await canvas.boundingBox();
      const hover = await best(async () => {
        const frames = await framesDuring(page, async () => {
          for (let i = 0; i < 60; i++) {
            await page.mouse.move(box.x + 20 + ((i * 13) % (box.width - 40)), box.y + box.height / 2);
            await page.waitForTimeout(16);
          }
        });
        return { p95: percentile(frames, 0.95) };
      });
      const idle = await framesDuring(page, () => page.waitForTimeout(1500));
      const note = `with nothing going on ${percentile(idle, 0.95).toFixed(1)} ms`;
      tell(`${name}, frame while hovering, p95`, 17, hover.p95, 'ms', note);
    },
  );
}

export async function charts(page) {
  await lines(page, STEPS_ASKED);
  await lines(page, STEPS_MOST);
  await goTo(page, '/?view=tests');
  await page.locator('.grid-row a').first().click();
  await page.getByRole('heading', { level: 1 }).first().waitFor();
  await answering(
    page,
    /\/quantiles\?/,
    (url) => quantilesOf(url, 1_440),
    async (delay) => {
      const path = `${new URL(page.url()).pathname}?`;
      await goTo(page, `${path}from=now-2d`);
      const canvas = page.locator('.u-over').first();
      await canvas.waitFor();
      await page.waitForTimeout(2000);
      delay.ms = LATER_MS;
      const zoom = await zoomTask(page, canvas);
      tell('smoke chart of 1,440 x 9, redraw', 30, zoom, 'ms', 'longest task of a zoom, median of six');
    },
  );
}

const LAYERS = 14;

/** Ways of 200 tests through so many hops, each on one at least, a fifth of them troubled. */
function topologyOf(hops) {
  const nodes = new Map();
  const links = new Map();
  const add = (node) => nodes.set(node.id, { labels: [], issues: [], tests: 1, ...node });
  const hopOf = (t, layer) => {
    const inLayer = Math.floor((hops + LAYERS - layer) / LAYERS);
    // From each hop ways go on to one or two others.
    const shift = Math.floor((layer * (Math.floor(t / inLayer) % 3)) / 7);
    const at = (t + shift) % inLayer;
    const issues = at % 5 === 0 ? [{ kind: 'AddedDelay', text: 'adds 40 ms' }] : [];
    return {
      id: `h${layer}-${at}`,
      kind: 'hop',
      address: `10.${layer}.0.${at}`,
      network: `AS${layer}`,
      issues,
      ttl: layer,
    };
  };
  const paths = Array.from({ length: 200 }, (_, t) => {
    const way = [
      { id: `s${t % 20}`, kind: 'source', name: `agent-${t % 20}`, ttl: 0 },
      ...Array.from({ length: LAYERS }, (_, i) => hopOf(t, i + 1)),
      { id: `d${t % 24}`, kind: 'destination', name: `service-${t % 24}`, ttl: LAYERS + 1 },
    ];
    way.forEach(add);
    const ids = way.map(({ id }) => id);
    way.slice(1).forEach(({ id: to, issues }, i) => {
      const troubled = (issues ?? []).length > 0;
      const link = {
        from: ids[i],
        to,
        flows: 3,
        tests: 1,
        addedMs: troubled ? 40 : 1,
        forwardingLossPercent: 0,
        troubled,
      };
      links.set(`${link.from} > ${to}`, link);
    });
    return { testId: t.toString(16).padStart(16, '0'), state: 'Pass', nodes: ids, rttMs: 20, checksFailedPercent: 0 };
  });
  return { nodes: [...nodes.values()], links: [...links.values()], paths };
}

export async function topology(page) {
  for (const { hops, limit } of [
    { hops: 300, limit: 100 },
    { hops: 1_000, limit: 200 },
  ]) {
    const whole = topologyOf(hops);
    await answering(
      page,
      /\/api\/v1\/topology\?/,
      () => whole,
      async () => {
        const first = await firstDrawn(page, '/topology?fold=off&', '/topology', '.path-box .node');
        const shown = await page.locator('.path-box .node').count();
        tell(`topology of ${hops} hops, first`, limit, first, 'ms', `${shown} nodes, none folded`);
        await page.locator('.path-box .node[tabindex="0"]').focus();
        const select = await best(() =>
          interactions(page, 12, (i) =>
            page.keyboard.press(i % 2 ? 'Enter' : 'ArrowRight').then(() => page.waitForTimeout(250)),
          ),
        );
        tell(`the same, select, p95`, limit, select.p95, 'ms', cpuNote(select));
      },
    );
  }
}

/** Milliseconds from the key until `selector` is in the editor, or has another text. */
async function editorTime(page, key, selector) {
  await page.evaluate((selector) => {
    const root = document.querySelector('.editor-host').shadowRoot;
    const read = () => root.querySelector(selector)?.textContent ?? '';
    const before = read();
    window.editorTook = 0;
    const onKey = (event) => {
      const began = event.timeStamp;
      const look = () => {
        const isNew = read() !== '' && read() !== before;
        if (!isNew && performance.now() - began < 5000) return requestAnimationFrame(look);
        window.editorTook = performance.now() - began;
      };
      requestAnimationFrame(look);
    };
    addEventListener('keydown', onKey, { once: true, capture: true });
  }, selector);
  await page.keyboard.press(key);
  await page.waitForFunction(() => window.editorTook > 0);
  return page.evaluate(() => window.editorTook);
}

/** What the editor waits after a key before it checks (pages/logs/editor.ts). */
const CHECK_DELAY_MS = 500;

export async function logs(page) {
  await goTo(page, '/logs');
  const editor = page.locator('.editor-host .cm-content');
  await editor.click();
  // The language service loads for some seconds.
  await page.waitForTimeout(10_000);
  const completions = [];
  // The first one warms it.
  for (let i = -1; i < 12; i++) {
    await page.keyboard.press('Control+A');
    await page.keyboard.type('NWConnectionMonitorTestResult | ', { delay: 5 });
    await page.keyboard.press('Escape');
    await page.waitForTimeout(600);
    const took = await editorTime(page, 'wspete'[(i + 6) % 6], '.cm-tooltip-autocomplete');
    if (i >= 0) completions.push(took);
  }
  tell(
    'completion, p95, warm',
    100,
    percentile(completions, 0.95),
    'ms',
    `median ${Math.round(percentile(completions, 0.5))} ms`,
  );
  const checks = [];
  for (let i = 0; i < 8; i++) {
    await page.keyboard.press('Control+A');
    await page.keyboard.type('NWConnectionMonitorTestResult | where Nowher', { delay: 5 });
    await page.keyboard.press('Escape');
    await page.waitForTimeout(900);
    await page.keyboard.press('Backspace');
    await page.waitForTimeout(900);
    checks.push((await editorTime(page, `${i}`, '.cm-lintRange')) - CHECK_DELAY_MS);
  }
  tell(
    'diagnostics, median, warm',
    20,
    percentile(checks, 0.5),
    'ms',
    `after the ${CHECK_DELAY_MS} ms that the editor waits for more keys`,
  );
}
