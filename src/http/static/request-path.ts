/**
 * The names on the way to a file, of a request's path below `prefix`; a folder ends with an empty name. Undefined for what
 * names no file that may be served: another prefix, hidden files, the way up, and whatever only an attacker writes.
 */
export function namesOn(path: string, prefix: string): string[] | undefined {
  const below = pathBelow(path, prefix);
  const names = below?.split('/').slice(1).map(decode);
  const isUsable = names?.every((name, index) =>
    name === '' ? index === names.length - 1 : name !== undefined && !/^\.|[\0\\/]/.test(name),
  );
  return isUsable ? (names as string[]) : undefined;
}

/** `/a/b` below `/a` is `/b`. */
function pathBelow(path: string, prefix: string): string | undefined {
  const folder = prefix.replace(/\/+$/, '');
  if (path === folder) return '/';
  return path.startsWith(`${folder}/`) ? path.slice(folder.length) : undefined;
}

function decode(name: string): string | undefined {
  try {
    return decodeURIComponent(name);
  } catch {
    return undefined;
  }
}
