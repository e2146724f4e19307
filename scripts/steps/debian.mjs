import { findBinary } from '../servers/child-server.mjs';
import { run } from './command.mjs';
import { Refusal, say } from './project.mjs';

let listsAreFresh = false;

/** Installs one of Debian's packages, as root; refuses with the reason where that cannot be. */
export async function installDebianPackage(name) {
  if (!findBinary('apt-get') || process.getuid?.() !== 0) {
    throw new Refusal(
      `CI tests every backend, but ${name} is missing and cannot be installed (this needs Debian and root)`,
    );
  }
  say(`Installing Debian's ${name}.`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  if (!listsAreFresh) await run('apt-get', ['update', '-qq'], { env });
  listsAreFresh = true;
  const code = await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name], { env });
  if (code !== 0) throw new Refusal(`apt-get install ${name} failed with exit code ${code} (see above)`);
}
