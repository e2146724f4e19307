/**
 * The names on the way to a file, of a request's path below `prefix`; a folder ends with an empty name. Undefined for what
 * names no file that may be served: another prefix, hidden files, the way up, and whatever only an attacker writes.
 */
export function namesOn(path: string, prefix: string): string[] | undefined {
  const below = pathBelow(path, prefix);
  const decoded = below === undefined ? undefined : decode(below);
  if (decoded === undefined || /[\0\\]/.test(decoded)) return undefined;
  const names = decoded.split('/').slice(1);
  const last = names.length - 1;
  const isUsable = names.every((name, index) => (name === '' ? index === last : !name.startsWith('.')));
  return isUsable ? names : undefined;
}

/** `/a/b` below `/a` is `/b`. */
function pathBelow(path: string, prefix: string): string | undefined {
  const folder = prefix.replace(/\/+$/, '');
  if (path === folder) return '/';
  return path.startsWith(`${folder}/`) ? path.slice(folder.length) : undefined;
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
