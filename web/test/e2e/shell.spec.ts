// SPDX-License-Identifier: Apache-2.0
// The shell: signing in, the URL, live updates, and what happens when things break.
import { axe, expect, rowsOf, test } from './fixture.ts';

test('sign in with a token, be refused with a wrong one, sign out', async ({ page, context, guard }) => {
  guard.expectErrors(/401/);
  await context.clearCookies();
  await page.goto('/?view=tests');
  await page.getByLabel('Token').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toContainText('not known');
  await page.getByLabel('Token').fill('letmein');
  await page.getByRole('button', { name: 'Sign in' }).click();
  // The page that was asked for.
  await expect(page.getByRole('grid', { name: 'Tests' })).toBeVisible();
  await page.getByRole('button', { name: 'anna' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByLabel('Token')).toBeVisible();
});

test('what is asked for early is asked for once', async ({ page }) => {
  const asked: string[] = [];
  page.on('request', (request) => asked.push(new URL(request.url()).pathname + new URL(request.url()).search));
  await page.goto('/?view=tests');
  await expect(page.getByText('611 of 611 tests')).toBeVisible();
  for (const path of ['/api/v1/session', '/api/v1/snapshot?first=200', '/api/v1/snapshot'])
    expect(asked.filter((each) => each === path)).toHaveLength(1);
});

test('signing in works when the script that asks early comes late', async ({ page, context, guard }) => {
  guard.expectErrors(/401/);
  await context.clearCookies();
  let asked = 0;
  page.on('request', (request) => (asked += /\/api\/v1\/session$/.test(request.url()) ? 1 : 0));
  let release: () => void = () => {};
  const late = new Promise<void>((done) => (release = done));
  await page.route('**/early.js', async (route) => {
    await late;
    await route.continue();
  });
  const loaded = page.waitForResponse('**/early.js');
  // The page is not loaded until the script is; the app does not wait for it.
  await page.goto('/?view=tests', { waitUntil: 'commit' });
  await expect(page.getByLabel('Token')).toBeVisible();
  release();
  await (await loaded).finished();
  await page.getByLabel('Token').fill('letmein');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(rowsOf(page, 'Tests').first()).toBeVisible();
  expect(asked, 'once before, once to sign in').toBe(2);
});

test('the button of a provider leads to it and back to the page that was asked for', async ({
  page,
  context,
  guard,
}) => {
  guard.expectErrors(/401/);
  await context.clearCookies();
  await page.route('**/api/v1/sign-in', (route) =>
    route.fulfill({ json: { provider: { name: 'Example & Co', url: '/api/v1/oidc/login' } } }),
  );
  await page.goto('/agents?q=fra');
  const button = page.getByRole('link', { name: 'Sign in with Example & Co' });
  await expect(button).toHaveAttribute('href', '/api/v1/oidc/login?to=%2Fagents%3Fq%3Dfra');
  await expect(page.getByLabel('Token')).toBeVisible();
});

test('without a provider there is no such button, and each refusal is said in words', async ({
  page,
  context,
  guard,
}) => {
  guard.expectErrors(/401/);
  await context.clearCookies();
  for (const [word, text] of [
    ['denied', 'was cancelled'],
    ['provider', 'cannot be accepted'],
    ['unreachable', 'cannot be reached'],
    ['expired', 'took too long'],
    ['not-allowed', 'nobody has given you access'],
    ['failed', 'could not sign you in'],
  ] as const) {
    await page.goto(`/?signIn=${word}`);
    await expect(page.getByRole('alert')).toContainText(text);
  }
  await page.goto('/?signIn=<b>never</b>');
  await expect(page.getByLabel('Token')).toBeFocused();
  await expect(page.getByRole('alert')).toHaveCount(0);
  await expect(page.getByRole('link', { name: /^Sign in with/ })).toHaveCount(0);
});

test('a session that ends while working leads to signing in', async ({ page, context, guard }) => {
  guard.expectErrors(/401/);
  await page.goto('/');
  await expect(rowsOf(page, 'Connection monitors').first()).toBeVisible();
  await context.clearCookies();
  // Whichever call comes first is refused; the page may be gone before this click.
  await page
    .getByRole('link', { name: 'Agents' })
    .click({ timeout: 3000 })
    .catch(() => undefined);
  await expect(page.getByLabel('Token')).toBeVisible();
});

test('filters are in the URL, and back takes them away', async ({ page }) => {
  await page.goto('/');
  await page.getByRole('tab', { name: 'Tests', exact: true }).click();
  await page.getByRole('button', { name: /^Fail/ }).click();
  await expect(page).toHaveURL(/state=Fail/);
  await page.goBack();
  await expect(page).not.toHaveURL(/state=Fail/);
  await expect(page.getByText('611 of 611 tests')).toBeVisible();
});

test('range: quick ranges, shift, zoom, freeze', async ({ page }) => {
  await page.goto('/monitors/cm-core');
  await page.getByRole('button', { name: 'Last 24 hours' }).click();
  await page.getByRole('button', { name: 'Last 6 hours' }).click();
  await expect(page).toHaveURL(/from=now-6h/);
  await page.getByRole('button', { name: 'Zoom out' }).first().click();
  await expect(page).toHaveURL(/from=now-12h/);
  await page.getByRole('button', { name: 'Freeze' }).click();
  await expect(page).toHaveURL(/from=2026-11-21T\d.*&to=2026-11-21T\d/);
  const span = () => ['from', 'to'].map((key) => Date.parse(new URL(page.url()).searchParams.get(key)!));
  const [from, to] = span();
  const { serverTime } = await (await page.request.get('/api/v1/session')).json();
  expect(Math.abs(Date.parse(serverTime) - to!)).toBeLessThan(60_000);
  expect(to! - from!).toBe(12 * 3_600_000);
  await page.getByRole('button', { name: 'Earlier' }).click();
  await expect.poll(() => span()[0]! - from!).toBe(-6 * 3_600_000);
});

test('time travel: all of the page reads one instant', async ({ page }) => {
  await page.goto('/?at=2026-11-21T17:00:00Z');
  const fails = page.getByRole('button', { name: /^Fail/ });
  const before = await fails.innerText();
  await page.keyboard.press('>');
  await expect(page.getByText('Past 2026-11-21 18:00Z')).toBeVisible();
  await page.keyboard.press('>');
  await page.keyboard.press('.');
  await expect(page.getByText('Past 2026-11-21 19:05Z')).toBeVisible();
  await expect(fails).not.toHaveText(before);
  await expect(page.getByRole('region', { name: 'Time travel' }).getByText('loading…')).toHaveCount(0);
  // Tile and table agree.
  const count = Number((await fails.locator('strong').innerText()).replace(',', ''));
  await fails.click();
  await expect(page.getByText(`${count} of 611 tests`)).toBeVisible();
});

test('live updates change what is seen', async ({ page }) => {
  await page.goto('/?view=tests&q=src:fra1-agent-00');
  const grid = page.getByRole('grid', { name: 'Tests' });
  await expect(rowsOf(page, 'Tests')).toHaveCount(6);
  const before = await grid.innerText();
  await expect.poll(() => grid.innerText(), { timeout: 25_000 }).not.toBe(before);
});

test('a snapshot that is nonsense is told of, and the page recovers', async ({ page }) => {
  let isBroken = true;
  await page.route('**/api/v1/snapshot', (route) =>
    isBroken ? route.fulfill({ body: 'nonsense' }) : route.continue(),
  );
  await page.goto('/');
  await expect(page.getByRole('alert')).toContainText('not a snapshot');
  isBroken = false;
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(rowsOf(page, 'Connection monitors')).toHaveCount(3);
});

test('the command palette goes to a destination', async ({ page }) => {
  await page.goto('/');
  await expect(rowsOf(page, 'Connection monitors').first()).toBeVisible();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: /Go to/ }).fill('vpn-gw');
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/destinations\/vpn-gw/);
});

test('Install monitoring agents: the command is shown', async ({ page }) => {
  await page.goto('/agents');
  await page.getByRole('button', { name: 'Join an agent' }).click();
  await page.getByRole('button', { name: 'Make a join command' }).click();
  await expect(page.getByText(/linewatch agent join 127\.0\.0\.1:8444 --token lwj_/)).toBeVisible();
});

test('agents tell on which ports they listen for tests, and which are taken', async ({ page }) => {
  await page.goto('/agents?q=ams2-agent-00');
  const row = page.getByRole('row', { name: /^ams2-agent-00/ });
  await expect(row.getByRole('listitem')).toHaveText([/^TCP 443 something else on this host/, 'TCP 8443 listening']);
  await page.getByRole('searchbox', { name: 'Search' }).fill('something else');
  await expect(page.getByText('8 of 8 connected')).toBeVisible();
});

test('export gives the rows that are seen', async ({ page }) => {
  await page.goto('/?view=tests&q=src:10.192.64.56');
  await expect(rowsOf(page, 'Tests')).toHaveCount(6);
  const file = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Export CSV' }).click();
  const stream = await (await file).createReadStream();
  const text = (await stream.toArray()).join('');
  expect(text.trim().split('\r\n')).toHaveLength(7);
});

test('columns out of sight come as one scrolls, in their places', async ({ page }) => {
  await page.goto('/?view=tests');
  const grid = page.getByRole('grid', { name: 'Tests' });
  const cells = rowsOf(page, 'Tests').first().getByRole('gridcell');
  await expect(cells.first()).toHaveAttribute('aria-colindex', '1');
  const count = Number(await grid.getAttribute('aria-colcount'));
  expect(await cells.count()).toBeLessThan(count);
  await grid.evaluate((element) => (element.scrollLeft = element.scrollWidth));
  await expect(cells.last()).toHaveAttribute('aria-colindex', String(count));
  // Each stands below its title.
  const title = await page.getByRole('columnheader', { name: 'Jitter' }).boundingBox();
  const cell = await rowsOf(page, 'Tests').first().locator('[aria-colindex="14"]').boundingBox();
  expect(cell?.x).toBe(title?.x);
  expect(cell?.width).toBe(title?.width);
});

test('saved views: keep what is shown, open it elsewhere, forget it', async ({ page }) => {
  await page.goto('/?view=tests&state=Fail&sort=-rttMs&from=now-7d');
  await page.getByRole('button', { name: 'Saved views' }).click();
  const dialog = page.getByRole('dialog', { name: 'Saved views' });
  await expect(dialog).toContainText('None yet.');
  expect(await axe(page)).toEqual([]);
  const name = dialog.getByRole('textbox', { name: 'Keep what is shown as' });
  await expect(name).toBeFocused();
  await page.keyboard.type('Failing & slow');
  await page.keyboard.press('Enter');
  await expect(dialog.getByRole('link', { name: 'Failing & slow' })).toBeVisible();
  // Everybody's stand beside one's own, even of the same name.
  await name.fill('failing & SLOW');
  await expect(dialog.getByRole('button', { name: 'Replace' })).toBeVisible();
  await dialog.getByRole('checkbox', { name: 'For everybody' }).check();
  await dialog.getByRole('button', { name: 'Keep' }).click();
  await expect(dialog.getByRole('listitem')).toHaveCount(2);
  await expect(dialog).toContainText("everybody's, by anna");
  expect(await axe(page)).toEqual([]);
  await page.keyboard.press('Escape');
  // By keys alone from another page; what the view says takes the place of what was shown.
  await page.goto('/agents?from=now-1h');
  await expect(page.getByRole('heading', { level: 1, name: 'Agents' })).toBeVisible();
  await page.keyboard.press('v');
  const link = dialog.getByRole('link', { name: 'Failing & slow', exact: true });
  await link.focus();
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(/\/\?from=now-1w&view=tests&sort=-rttMs&state=Fail$/);
  await expect(rowsOf(page, 'Tests').first()).toContainText('Fail');
  // The palette knows it, too.
  await page.goto('/agents');
  await expect(page.getByRole('heading', { level: 1, name: 'Agents' })).toBeVisible();
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox').fill('slow');
  await page.getByRole('option', { name: /View Failing & slow/ }).click();
  await expect(page).toHaveURL(/state=Fail/);
  await page.keyboard.press('v');
  for (const word of ['Failing & slow', 'failing & SLOW'])
    await dialog.getByRole('button', { name: `Forget ${word}`, exact: true }).click();
  await expect(dialog).toContainText('None yet.');
});

test('share: a short link leads to the same instant and range', async ({ page, context, guard }) => {
  guard.expectErrors(/404/);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.goto('/?view=tests&q=src:fra1-agent-00&from=now-6h');
  await expect(rowsOf(page, 'Tests')).toHaveCount(6);
  await page.keyboard.press('s');
  await expect(page.getByText('Link copied.')).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toMatch(/\/l\/[0-9a-z]{7,}$/);
  await page.goto('/agents');
  await page.goto(link);
  await expect(page).toHaveURL(/\/\?from=20[^&]*Z&to=20[^&]*Z&at=20[^&]*Z&view=tests&q=src:fra1-agent-00$/);
  await expect(rowsOf(page, 'Tests')).toHaveCount(6);
  await expect(page.getByRole('region', { name: 'Time travel' })).toContainText('Past');
  // The link itself is no place to come back to.
  await page.goBack();
  await expect(page.getByRole('heading', { level: 1, name: 'Agents' })).toBeVisible();
  await page.goto('/l/nothing');
  await expect(page.getByRole('heading', { name: 'This link leads nowhere (any more).' })).toBeVisible();
  expect(await axe(page)).toEqual([]);
});

test('share: without a short link there is the long one', async ({ page, context, guard }) => {
  guard.expectErrors(/503/);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.route('**/api/v1/links', (route) => route.fulfill({ status: 503, json: {} }));
  await page.goto('/?view=tests&q=ldap');
  await page.getByRole('button', { name: 'Share' }).click();
  await expect(page.getByText('the server gave no short one')).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/\/\?from=20.*&at=20.*&q=ldap$/);
});
