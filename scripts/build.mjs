import { ensureExamples, ensureLibrary } from './steps/compile.mjs';
import { ensureInstalled } from './steps/install.mjs';
import { runScript, say } from './steps/project.mjs';

await runScript(async () => {
  await ensureInstalled();
  const compiled = [await ensureLibrary(), await ensureExamples()];
  if (!compiled.includes(true)) say('dist/ and examples/dist/ are up to date.');
});
