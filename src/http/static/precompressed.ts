import type { HttpContext } from '../request-state.js';
import type { ServedFile, ServedFolder } from './served-folder.js';

/** Kinds of files that a build writes beside themselves in a smaller form. */
const COMPRESSIBLE = /\.(?:[cm]?js|css|html|svg|json|map|txt|xml|wasm|ico|webmanifest|ttf|eot)$/i;
const ENCODINGS = [
  ['br', '.br'],
  ['gzip', '.gz'],
] as const;

/** `app.js.br` or `app.js.gz` in place of `app.js`, where the client takes it and it is not older. */
export async function openSmallest(
  ctx: HttpContext,
  folder: ServedFolder,
  names: readonly string[],
): Promise<ServedFile | undefined> {
  const plain = await folder.open(names);
  if (!plain || !COMPRESSIBLE.test(names.at(-1) ?? '')) return plain;
  ctx.vary('Accept-Encoding');
  for (const [encoding, suffix] of ENCODINGS) {
    if (!accepts(ctx.get('Accept-Encoding'), encoding)) continue;
    const packed = await folder.open(names, suffix).catch((error: unknown) => close(plain, error));
    if (!packed) continue;
    if (isOlder(packed, plain)) {
      await packed.handle.close();
      continue;
    }
    await plain.handle.close();
    ctx.set('Content-Encoding', encoding);
    return packed;
  }
  return plain;
}

/** @throws `error` */
async function close({ handle }: ServedFile, error: unknown): Promise<never> {
  await handle.close();
  throw error;
}

/** Whole seconds: what unpacks an archive keeps no finer times. */
function isOlder(one: ServedFile, other: ServedFile): boolean {
  return Math.floor(one.modifiedAt.getTime() / 1_000) < Math.floor(other.modifiedAt.getTime() / 1_000);
}

/** Whether `Accept-Encoding` names the encoding, or every one, with a weight above 0. */
function accepts(header: string, encoding: string): boolean {
  const weights = new Map<string, number>();
  for (const part of header.toLowerCase().split(',')) {
    const [name = '', ...parameters] = part.split(';').map((text) => text.trim());
    const weight = parameters.find((parameter) => parameter.startsWith('q='));
    weights.set(name, weight === undefined ? 1 : Number(weight.slice(2)));
  }
  return (weights.get(encoding) ?? weights.get('*') ?? 0) > 0;
}
