import { ask } from './load.mjs';

const MB = 2 ** 20;
const TRIES = 12;

/** Memory and handles of each process over time. */
export class Vitals {
  #seen = new Map();

  /** Connections of their own reach the processes in turn. */
  async look(port) {
    const round = new Map();
    for (let at = 0; at < TRIES; at++) {
      const { status, body } = await ask({ agent: false, port, path: '/api/v1/vitals' }).catch(() => ({}));
      if (status === 200) round.set(body.pid, body);
    }
    for (const [pid, { rss, handles }] of round) {
      const history = this.#seen.get(pid) ?? [];
      this.#seen.set(pid, [...history, { mb: rss / MB, handles }]);
    }
    return [...round.keys()];
  }

  /** Of each process that was looked at eight times or more: its second quarter, when it is warm, beside its last. */
  markdown() {
    const rows = [...this.#seen]
      .filter(([, history]) => history.length >= 8)
      .map(([pid, history]) => {
        const quarter = Math.floor(history.length / 4);
        const warm = history.slice(quarter, 2 * quarter);
        const last = history.slice(-quarter);
        const pair = (name) => `${middle(warm, name).toFixed(0)} → ${middle(last, name).toFixed(0)}`;
        return `| ${pid} | ${history.length} | ${pair('mb')} | ${pair('handles')} |`;
      });
    return ['| process | looks | MB, warm → last | handles, warm → last |', '|---|---|---|---|', ...rows].join('\n');
  }
}

function middle(history, name) {
  const values = history.map((moment) => moment[name]).sort((a, b) => a - b);
  return values[Math.floor(values.length / 2)] ?? 0;
}
