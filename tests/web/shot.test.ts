import { it } from 'vitest';
import { createFixture } from '/work/wt-web/tests/web/support/fixture-data.ts';
import { startFixtureServer } from '/work/wt-web/tests/web/support/fixture-server.ts';
import { launch, watchProblems, chromiumPath } from '/work/wt-web/tests/web/support/browser.ts';
it('shoots', async () => {
  const server = process.env.SERVER ? { address: process.env.SERVER, close: async () => {} } : await startFixtureServer(createFixture(), '/work/wt-web/dist/web');
  const browser = await launch(chromiumPath()!);
  for (const [name, width, height, scheme] of [['wide', 1280, 800, 'light'], ['wide-dark', 1280, 800, 'dark'], ['narrow', 390, 844, 'light'], ['narrow-dark', 390, 844, 'dark']] as const) {
    const page = await browser.newPage({ viewport: { width, height }, colorScheme: scheme });
    const problems = watchProblems(page);
    for (const [view, hash] of JSON.parse(process.env.VIEWS ?? '[["start","#/"],["one","#/slide/s1"],["three","#/slide/s1?panes=3&gene=CD74"]]')) {
      await page.goto(`${server.address}/${hash}`); await page.reload();
      await page.waitForTimeout(1500);
      await page.screenshot({ path: `/tmp/web-shots/${view}-${name}.png` });
    }
    console.log(name, problems);
    await page.close();
  }
  await browser.close(); await server.close();
});
