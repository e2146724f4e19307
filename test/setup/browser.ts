import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext, chromium } from 'playwright-core';
import { findChromium } from '../../scripts/servers/index.mjs';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

/** A browser that reaches this machine alone. */
export interface TestBrowser {
  context: BrowserContext;
  close(): Promise<void>;
}

/** None where no Chromium is installed; `npm test` names that, and CI does without none. */
export const BROWSERS: ReadonlyArray<{ name: string; open(): Promise<TestBrowser> }> = [findChromium()]
  .filter((path) => path !== undefined)
  .map((path) => ({ name: path, open: () => openBrowser(path) }));

async function openBrowser(executablePath: string): Promise<TestBrowser> {
  const folder = await mkdtemp(join(tmpdir(), 'app-kernel-chromium-'));
  const context = await chromium.launchPersistentContext(folder, { executablePath, args: FLAGS, headless: true });
  return {
    context,
    close: async () => {
      await context.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
