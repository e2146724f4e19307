import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { runOurs } from './commands.mjs';
import { ENGINES } from './engines.mjs';

const PROGRAM = fileURLToPath(new URL('ours-process.mjs', import.meta.url));
const RESULTS = fileURLToPath(new URL('results/', import.meta.url));
const MIB = 1024 * 1024;

for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1)); // the servers end with us

const { values } = parseArgs({
  options: { engine: { type: 'string' }, rows: { type: 'string' }, rounds: { type: 'string' } },
});
const engines = values.engine?.split(',') ?? Object.keys(ENGINES);
const sizes = (values.rows ?? '10000,100000').split(',').map(Number);
const rounds = Number(values.rounds ?? 3);
const [unknown] = engines.filter((name) => !(name in ENGINES));
if (unknown) throw new Error(`--engine ${unknown} is unknown; there are: ${Object.keys(ENGINES).join(', ')}`);
if (!sizes.every((rows) => rows > 0) || !(rounds > 0)) throw new Error('--rows and --rounds must be above 0');

const lines = [
  `${cpus().length} × ${cpus()[0].model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}, SQLite shell ${version('sqlite3')}`,
  `Load when it began: ${loadNow()}. Median of ${rounds} interleaved rounds; CPU is that of the client's processes.`,
  '',
  '| engine | rows | who | out: rows/s | CPU s | in: rows/s | CPU s | most memory |',
  '|---|---|---|---|---|---|---|---|',
];
for (const engine of engines) for (const rows of sizes) lines.push(...(await measure(engine, rows)));
console.log(`\n${lines.join('\n')}`);
mkdirSync(RESULTS, { recursive: true });
writeFileSync(`${RESULTS}backup.md`, `${lines.join('\n')}\n`);

/** Everybody writes the table out, and reads it into an empty database; who is first changes from round to round. */
async function measure(engine, rows) {
  const folder = mkdtempSync(join(tmpdir(), 'app-kernel-bench-'));
  const place = await ENGINES[engine]();
  try {
    const dataDir = join(folder, 'data');
    const url = await place.create('from');
    await runOurs(PROGRAM, { step: 'seed', url, dataDir, rows });
    const figures = { ours: [], ...Object.fromEntries(Object.keys(place.peers).map((name) => [name, []])) };
    let name;
    for (let round = 0; round < rounds; round++) {
      process.stderr.write(`• ${engine}, ${rows} rows, round ${round + 1} of ${rounds}\n`);
      const turn = Object.keys(figures);
      for (const who of [...turn.slice(round % turn.length), ...turn.slice(0, round % turn.length)]) {
        if (who === 'ours') {
          const out = await runOurs(PROGRAM, { step: 'export', url, dataDir });
          name = out.name;
          const target = await place.create(`ours_${round}`);
          const into = await runOurs(PROGRAM, { step: 'import', url: target, dataDir, name });
          figures.ours.push({ out, into });
          continue;
        }
        const { out: write, into: read, prepare } = place.peers[who];
        const file = join(folder, 'peer');
        rmSync(file, { force: true });
        const out = await write(file);
        const database = `peer_${round}_${turn.indexOf(who)}`;
        await place.create(database);
        await prepare?.(database);
        figures[who].push({ out, into: await read(file, database) });
      }
    }
    const verified = await runOurs(PROGRAM, { step: 'verify', url, dataDir, name });
    const table = Object.entries(figures).map(([who, measured]) => line(engine, rows, who, measured));
    const memory = `${Math.round(verified.peak / MIB)} MiB`;
    return [
      ...table,
      `| ${engine} | ${rows} | ours, verify | ${perSecond(rows, verified)} | ${verified.cpu.toFixed(1)} | | | ${memory} |`,
    ];
  } finally {
    await place.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function line(engine, rows, who, measured) {
  const [out, into] = ['out', 'into'].map((way) => median(measured.map((round) => round[way]).filter(Boolean)));
  const peaks = measured.flatMap(({ out, into }) => [out?.peak, into?.peak]).filter(Boolean);
  const memory = peaks.length > 0 ? `${Math.round(Math.max(...peaks) / MIB)} MiB` : '';
  const cells = [
    engine,
    rows,
    who,
    perSecond(rows, out),
    out.cpu.toFixed(1),
    perSecond(rows, into),
    into.cpu.toFixed(1),
    memory,
  ];
  return `| ${cells.join(' | ')} |`;
}

function median(figures) {
  return figures.sort((a, b) => a.seconds - b.seconds)[Math.floor(figures.length / 2)];
}

function perSecond(rows, { seconds }) {
  return Math.round(rows / seconds);
}

function version(program) {
  return execFileSync(program, ['--version'], { encoding: 'utf8' }).split(' ')[0];
}

function loadNow() {
  return execFileSync('cat', ['/proc/loadavg'], { encoding: 'utf8' }).split(' ')[0];
}
