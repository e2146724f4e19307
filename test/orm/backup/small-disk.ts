import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

const { uid, gid } = userInfo();
/** Only root may mount; others may be allowed to by sudo without a password. */
const AS_ROOT = uid === 0 ? [] : ['sudo', '-n'];

/** A disk of its own, in memory, that is soon full. */
export class SmallDisk {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  /** @throws where this machine lets nobody mount. */
  static mount(mebibytes: number): SmallDisk {
    const disk = new SmallDisk(mkdtempSync(join(tmpdir(), 'app-kernel-disk-')));
    try {
      asRoot('mount', '-t', 'tmpfs', '-o', `size=${mebibytes}m,mode=700,uid=${uid},gid=${gid}`, 'tmpfs', disk.folder);
    } catch (cause) {
      rmSync(disk.folder, { recursive: true });
      throw new Error('A full disk is tested on one of its own: be root, or let sudo mount without a password', {
        cause,
      });
    }
    return disk;
  }

  /** Leaves no room at all. @returns what makes room again. */
  fill(): () => void {
    const path = join(this.folder, 'filling');
    for (let bytes = 1024 * 1024; bytes >= 512; )
      try {
        writeFileSync(path, Buffer.alloc(bytes), { flag: 'a' });
      } catch {
        bytes /= 2;
      }
    return () => rmSync(path);
  }

  unmount(): void {
    asRoot('umount', this.folder);
    rmSync(this.folder, { recursive: true });
  }
}

function asRoot(...command: string[]): void {
  const [program = '', ...args] = [...AS_ROOT, ...command];
  execFileSync(program, args, { stdio: 'pipe' });
}
