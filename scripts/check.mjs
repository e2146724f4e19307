import { run } from './steps/command.mjs';
import { Refusal, runScript, say } from './steps/project.mjs';

/** What must be green before a commit. */
await runScript(async () => {
  for (const script of ['lint', 'typecheck', 'build', 'test']) {
    say(`npm run ${script}`);
    const code = await run('npm', ['run', '--silent', script]);
    if (code !== 0) throw new Refusal(`npm run ${script} failed`);
  }
});
