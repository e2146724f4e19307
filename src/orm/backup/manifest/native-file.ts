import type { BackupFile, Manifest } from './manifest.js';

/** The name of the file that the engine's own tool writes, without its extension. */
export function nativeName(name: string): string {
  return name.replace(/^csv/, 'native');
}

/** What the engine's own tool wrote beside a backup; nothing where there was no tool, or before it was noted. */
export function nativeFileOf({ name, native }: Pick<Manifest, 'name' | 'native'>): BackupFile | undefined {
  return native && { ...native, file: `${nativeName(name)}.${native.extension}` };
}
