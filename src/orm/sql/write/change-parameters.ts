/** What a change of one row binds beside the values of the columns; raw values. */
export interface ChangeBindings {
  readonly id: unknown;
  readonly now: unknown;
  readonly actor: unknown;
  readonly tenant: unknown;
  readonly expected: unknown;
  readonly comment: unknown;
}

/** What a parameter is: one of the bindings, or the value of the column at a position. */
export type Slot = keyof ChangeBindings | number;

/** The statement of a shape. */
export interface ChangeStatement {
  readonly sql: string;
  /** What it binds, in this order. */
  readonly slots: readonly Slot[];
}

/** @param values of the columns that are changed. */
export function changeParameters(
  { slots }: ChangeStatement,
  bindings: ChangeBindings,
  values: readonly unknown[],
): unknown[] {
  return slots.map((slot) => (typeof slot === 'number' ? values[slot] : bindings[slot]));
}
