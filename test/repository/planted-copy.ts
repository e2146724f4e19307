import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SETTINGS = [
  'biome.json',
  '.dependency-cruiser.cjs',
  'knip.json',
  'package.json',
  'tsconfig.base.json',
  'tsconfig.json',
];

/** A throw-away project with our lint settings and only the files that a test plants in it. */
export class PlantedCopy {
  readonly folder = mkdtempSync(join(tmpdir(), 'app-kernel-planted-'));

  constructor() {
    for (const name of [...SETTINGS, 'package-lock.json', 'scripts', '.gitignore']) {
      cpSync(join(ROOT, name), join(this.folder, name), { recursive: true });
    }
    symlinkSync(join(ROOT, 'node_modules'), join(this.folder, 'node_modules'));
  }

  plant(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) {
      const target = join(this.folder, path);
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, text);
    }
  }

  /** What `npm run lint` prints and its exit code. */
  lint(): { code: number | null; output: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/lint.mjs'], {
      cwd: this.folder,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
    });
    return { code: status, output: stdout + stderr };
  }

  /** What one of the tools prints and its exit code. */
  runTool(path: string, args: readonly string[]): { code: number | null; output: string } {
    const tool = join(this.folder, 'node_modules', path);
    const { status, stdout, stderr } = spawnSync(process.execPath, [tool, ...args], {
      cwd: this.folder,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' },
    });
    return { code: status, output: stdout + stderr };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}
