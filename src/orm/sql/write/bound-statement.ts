import type { Dialect } from '../../dialect/dialect.js';
import type { Fragment } from '../read/fragment.js';

/** A statement and what it binds, in the order of its text. */
export interface BoundStatement {
  readonly sql: string;
  readonly params: readonly unknown[];
}

/** Gives a statement its placeholders and keeps what they stand for. For statements that are too rare to be built once. */
export class Parameters {
  readonly values: unknown[] = [];
  readonly #dialect: Dialect;

  constructor(dialect: Dialect) {
    this.#dialect = dialect;
  }

  readonly bind = (value: unknown): string => this.#dialect.placeholder(this.values.push(value));

  /** A piece of SQL with its own values. */
  write({ values, write }: Fragment): string {
    let next = 0;
    return write(() => this.bind(values[next++]));
  }
}
