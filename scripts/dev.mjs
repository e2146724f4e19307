import { watchBundle } from './steps/bundle.mjs';
import { runTool } from './steps/command.mjs';
import { ensureExamples, ensureLibrary } from './steps/compile.mjs';
import { ensureInstalled } from './steps/install.mjs';
import { runScript, say } from './steps/project.mjs';
import { runQuickstart } from './steps/quickstart.mjs';

/** npm run dev: recompiles what changes and restarts the quickstart on it, until Ctrl-C. */
await runScript(async () => {
  await ensureInstalled();
  await ensureLibrary();
  await ensureExamples();
  say('Watching src/ and examples/; Ctrl-C ends.');
  const watch = (project) => runTool('typescript/bin/tsc', ['-p', project, '--watch', '--preserveWatchOutput']);
  await Promise.all([
    watch('tsconfig.build.json'),
    watchBundle(),
    watch('examples/tsconfig.json'),
    runQuickstart(['--watch', '--watch-preserve-output']),
  ]);
});
