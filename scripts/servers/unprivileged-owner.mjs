import { readFileSync } from 'node:fs';

/**
 * Whom a server that refuses root runs as: the account its package made, else `nobody`.
 * Undefined when this process is not root itself.
 */
export function unprivilegedOwner(account) {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const found = accounts.find(([name]) => name === account) ?? accounts.find(([name]) => name === 'nobody');
  if (!found) throw new Error(`Cannot start a server as root: there is neither a "${account}" nor a "nobody" account`);
  return { uid: Number(found[2]), gid: Number(found[3]) };
}
