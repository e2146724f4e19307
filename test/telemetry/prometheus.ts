/** One sample of the text format. */
export interface Sample {
  name: string;
  labels: Readonly<Record<string, string>>;
  value: number;
}

export interface Family {
  type: string;
  help: string;
  samples: Sample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*/;
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: [''],
  gauge: [''],
  untyped: [''],
  histogram: ['_bucket', '_sum', '_count'],
  summary: ['', '_sum', '_count'],
};

/**
 * Reads version 0.0.4 of Prometheus' text format as strictly as its documentation has it.
 * @throws Error naming the line for whatever a scraper could trip over
 */
export function parsePrometheus(text: string): Map<string, Family> {
  if (!text.endsWith('\n')) throw new Error('The last line has no line feed');
  const families = new Map<string, Family>();
  const helps = new Map<string, string>();
  let current: string | undefined;
  for (const [index, line] of text.slice(0, -1).split('\n').entries()) {
    const refuse = (why: string): never => {
      throw new Error(`Line ${index + 1}: ${why}: ${line}`);
    };
    if (line === '') continue;
    const comment = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line);
    if (comment) {
      const [, kind, name = '', rest = ''] = comment;
      if (NAME.exec(name)?.[0] !== name) refuse('no metric name');
      if (kind === 'HELP') {
        if (helps.has(name)) refuse('a second HELP');
        helps.set(name, rest);
      } else {
        if (families.has(name)) refuse('a second TYPE, or one after samples');
        if (!(rest in SUFFIXES)) refuse('no type of metric');
        families.set(name, { type: rest, help: helps.get(name) ?? '', samples: [] });
        current = name;
      }
      continue;
    }
    if (line.startsWith('#')) continue;
    const sample = readSample(line, refuse);
    const family = current === undefined ? undefined : families.get(current);
    if (!family) return refuse('a sample before its TYPE');
    const suffix = sample.name.slice(current?.length);
    if (!sample.name.startsWith(current ?? '') || !SUFFIXES[family.type]?.includes(suffix))
      refuse(`no sample of the ${family.type} ${current}`);
    if (family.samples.some((other) => sameSeries(other, sample))) refuse('the same series twice');
    family.samples.push(sample);
  }
  for (const [name, family] of families) checkFamily(name, family);
  return families;
}

function readSample(line: string, refuse: (why: string) => never): Sample {
  const name = NAME.exec(line)?.[0] ?? refuse('no metric name');
  let rest = line.slice(name.length);
  const labels: Record<string, string> = {};
  if (rest.startsWith('{')) {
    rest = rest.slice(1);
    while (!rest.startsWith('}')) {
      const label = LABEL_NAME.exec(rest)?.[0] ?? refuse('no label name');
      const value = /^="((?:[^"\\\n]|\\[\\"n])*)"(,?)/.exec(rest.slice(label.length)) ?? refuse('no label value');
      if (label in labels) refuse(`the label ${label} twice`);
      labels[label] = (value[1] ?? '').replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
      rest = rest.slice(label.length + value[0].length);
      if (value[2] === '' && !rest.startsWith('}')) refuse('labels without a comma between them');
    }
    rest = rest.slice(1);
  }
  const value = /^ +(NaN|[+-]?Inf|[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(?: +-?\d+)?$/i.exec(rest);
  if (!value) return refuse('no value');
  return { name, labels, value: Number((value[1] ?? '').replace(/Inf$/, 'Infinity')) };
}

function sameSeries(one: Sample, other: Sample): boolean {
  const text = ({ name, labels }: Sample): string => JSON.stringify([name, Object.entries(labels).sort()]);
  return text(one) === text(other);
}

function checkFamily(name: string, { type, samples }: Family): void {
  if (type === 'counter' && samples.some(({ value }) => value < 0)) throw new Error(`${name} counts below zero`);
  if (type === 'histogram') checkHistogram(name, samples);
}

/** Buckets grow, end with +Inf, and that one is the count. */
function checkHistogram(name: string, samples: readonly Sample[]): void {
  const seriesOf = ({ labels: { le: _, ...labels } }: Sample): string => JSON.stringify(Object.entries(labels).sort());
  for (const series of new Set(samples.map(seriesOf))) {
    const own = samples.filter((sample) => seriesOf(sample) === series);
    const buckets = own.filter((sample) => sample.name === `${name}_bucket`);
    const count = own.find((sample) => sample.name === `${name}_count`)?.value;
    const sum = own.find((sample) => sample.name === `${name}_sum`);
    const bounds = buckets.map(({ labels }) => (labels.le === '+Inf' ? Number.POSITIVE_INFINITY : Number(labels.le)));
    if (!sum || count === undefined) throw new Error(`${name}${series} has no sum or no count`);
    if (bounds.some((bound, index) => Number.isNaN(bound) || (index > 0 && bound <= (bounds[index - 1] ?? 0))))
      throw new Error(`${name}${series} has bounds that do not grow`);
    if (buckets.some(({ value }, index) => index > 0 && value < (buckets[index - 1]?.value ?? 0)))
      throw new Error(`${name}${series} has buckets that shrink`);
    if (bounds.at(-1) !== Number.POSITIVE_INFINITY || buckets.at(-1)?.value !== count)
      throw new Error(`${name}${series} does not end with all its observations`);
  }
}
