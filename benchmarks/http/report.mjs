/** Rates and CPU of each contestant, and ours beside each of them, round by round. */
export function markdownOf({ rounds, contestants, base, machine, versions }) {
  const hasOurs = contestants.includes('ours');
  const head = [
    '',
    'requests/s',
    `of ${base}`,
    ...(hasOurs ? ['ours / this'] : []),
    'CPU µs per request',
    'p50 ms',
    'p99 ms',
  ];
  const lines = contestants.map((name) => [
    name,
    spread(rounds.map((round) => round[name].perSecond)),
    ratio(rounds, name, base),
    ...(hasOurs ? [ratio(rounds, 'ours', name)] : []),
    spread(rounds.map((round) => round[name].cpuMicros)),
    spread(rounds.map((round) => round[name].p50)),
    spread(rounds.map((round) => round[name].p99)),
    ...rounds.flatMap((round) => round[name].fault ?? []).slice(0, 1),
  ]);
  const table = [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  return `${machine}; ${versions}; median of ${rounds.length} interleaved rounds (min to max).\n\n${table}\n`;
}

function ratio(rounds, upper, lower) {
  const ratios = rounds
    .filter((round) => round[upper]?.perSecond && round[lower]?.perSecond)
    .map((round) => round[upper].perSecond / round[lower].perSecond);
  return upper === lower ? '1' : spread(ratios);
}

export function spread(measured) {
  const values = measured.filter((value) => value !== undefined).toSorted((a, b) => a - b);
  if (values.length === 0) return '–';
  const middle = (values.length - 1) / 2;
  const median = (values[Math.floor(middle)] + values[Math.ceil(middle)]) / 2;
  return `${shown(median)} (${shown(values[0])} to ${shown(values.at(-1))})`;
}

function shown(value) {
  if (value >= 1000) return `${(value / 1000).toFixed(1)}k`;
  return value >= 10 ? value.toFixed(0) : value.toFixed(2);
}
