import { ROWS } from './rows.mjs';

/** The table: our ratio to each peer, round by round, then the figures themselves. */
export function markdownOf({ rounds, contestants, rows, machine, versions }) {
  const [, ...peers] = contestants;
  const head = [
    'row',
    'unit',
    ...peers.map((peer) => `ours / ${peer}`),
    ...contestants,
    ...contestants.map((name) => `CPU µs/job: ${name}`),
  ];
  const lines = rows.map((row) => [
    row,
    ROWS[row].unit,
    ...peers.map((peer) =>
      ratio(
        rounds.map((figures) => figures[row]),
        peer,
      ),
    ),
    ...contestants.map((name) => spread(rounds.map((figures) => figures[row][name]))),
    ...contestants.map((name) => spread(rounds.map((figures) => ({ value: figures[row][name]?.cpuMicros })))),
  ]);
  const table = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  return `${machine}; ${versions || 'no peers'}; median of ${rounds.length} interleaved rounds (min to max).\n\n${table}\n`;
}

function ratio(figures, peer) {
  const ratios = figures
    .filter((row) => row.ours?.value && row[peer]?.value)
    .map((row) => row.ours.value / row[peer].value);
  if (ratios.length === 0) return '–';
  const { median, min, max } = summary(ratios);
  return `**${median.toFixed(2)}** (${min.toFixed(2)} to ${max.toFixed(2)})`;
}

function spread(measured) {
  const values = measured.map((figure) => figure?.value).filter((value) => value !== undefined && value !== null);
  if (values.length === 0) return measured.find((figure) => figure?.fault)?.fault ?? '–';
  const { median, min, max } = summary(values);
  return `${shown(median)} (${shown(min)} to ${shown(max)})`;
}

function shown(value) {
  return value >= 1000 ? `${(value / 1000).toFixed(1)}k` : value.toPrecision(3);
}

function summary(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return { median: (sorted[Math.floor(middle)] + sorted[Math.ceil(middle)]) / 2, min: sorted[0], max: sorted.at(-1) };
}
