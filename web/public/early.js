// SPDX-License-Identifier: Apache-2.0
// Asks for what every page needs while the app itself is still on its way. The app takes the answers over
// (src/core/api/client.ts); what it does not take is dropped with the page.
// Whoever comes first asks: once the app has, answers of before would be told as news.
if (!('linewatchEarly' in window)) {
  const paths = ['/api/v1/session'];
  if (!/[?&]at=/.test(location.search)) paths.push('/api/v1/snapshot?first=200');
  window.linewatchEarly = new Map(
    paths.map((path) => {
      const answer = fetch(path, { headers: { Accept: 'application/octet-stream, application/json' } });
      answer.catch(() => undefined);
      return [path, answer];
    }),
  );
}
