import { ensureExamples, ensureLibrary } from './steps/compile.mjs';
import { ensureInstalled } from './steps/install.mjs';
import { runScript } from './steps/project.mjs';
import { runQuickstart } from './steps/quickstart.mjs';

/** npm start: installs and builds what is missing, then runs examples/quickstart on PORT. */
await runScript(async () => {
  await ensureInstalled();
  await ensureLibrary();
  await ensureExamples();
  return runQuickstart();
});
