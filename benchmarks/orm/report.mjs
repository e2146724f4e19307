import { BASELINE, OURS } from './contestants.mjs';

/** The results of one engine as Markdown: ratios first, then everything that stands behind them. */
export function markdownOf({ machine, versions, settings, missing, results, alone }) {
  const names = [...new Set(results.flatMap(({ cells }) => Object.keys(cells)))].filter((name) => name !== BASELINE);
  const peers = names.filter((name) => name !== OURS);
  return [
    `## ORM on ${versions.server}`,
    '',
    `${machine}; ${versions.client}. ${settings}`,
    '',
    `Throughput as a multiple of hand-written driver code in the same round, median of the rounds.`,
    '',
    ...table(
      ['operation', 'callers', OURS, 'best peer', ...peers],
      results.map((result) => [
        result.operation,
        result.concurrency,
        `**${ratio(result.cells[OURS])}**`,
        bestPeer(result, peers),
        ...peers.map((name) => ratio(result.cells[name])),
      ]),
    ),
    '',
    ...missing.map(({ name, reason }) => `- ${name} is left out: ${reason}`),
    ...results.flatMap(failureLines),
    '',
    '### app-kernel alone',
    '',
    ...table(
      ['what', 'measured'],
      alone.map(({ what, value }) => [what, value]),
    ),
    '',
    '### In detail',
    '',
    ...table(
      [
        'operation',
        'callers',
        'contestant',
        'ratio',
        'min..max',
        'per second',
        'p99 ms',
        'client CPU µs per operation',
      ],
      results.flatMap(detailRows),
    ),
    '',
  ].join('\n');
}

function detailRows({ operation, concurrency, cells }) {
  return Object.entries(cells).map(([name, cell]) => [
    operation,
    concurrency,
    name,
    ratio(cell),
    `${cell.ratio.min.toFixed(2)}..${cell.ratio.max.toFixed(2)}`,
    cell.perSecond.median.toFixed(0),
    cell.p99Ms.toFixed(2),
    cell.cpuMicros.toFixed(0),
  ]);
}

function failureLines({ operation, concurrency, failures }) {
  return Object.entries(failures).map(
    ([name, reason]) => `- ${name} failed at "${operation}" with ${concurrency} callers: ${reason}`,
  );
}

function ratio(cell) {
  return cell ? cell.ratio.median.toFixed(2) : '–';
}

function bestPeer({ cells }, peers) {
  const [best] = peers.filter((name) => cells[name]).sort((a, b) => cells[b].ratio.median - cells[a].ratio.median);
  return best ? `${best} ${ratio(cells[best])}` : '–';
}

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
