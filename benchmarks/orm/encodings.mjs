import { PROPERTIES } from './rows.mjs';

/**
 * What a program without an ORM does to a row on its way: `toStored(property, value)` answers what the driver takes,
 * `toRow(stored)` completes, in place, the object that the driver gave.
 */
export const ENCODINGS = {
  /** The driver reads JSON and times by itself. */
  postgres: { toStored: (_property, value) => value, toRow: (stored) => stored },

  /** MariaDB keeps JSON as text; the driver reads times by itself. */
  mysql: {
    toStored: (property, value) => (property === 'attributes' ? JSON.stringify(value) : value),
    toRow(stored) {
      stored.attributes = JSON.parse(stored.attributes);
      return stored;
    },
  },

  /** SQLite knows neither: JSON is text, a time is a number of milliseconds. */
  sqlite: {
    toStored(property, value) {
      if (property === 'attributes') return JSON.stringify(value);
      return value instanceof Date ? value.getTime() : value;
    },
    toRow(stored) {
      stored.attributes = JSON.parse(stored.attributes);
      stored.createdAt = new Date(stored.createdAt);
      stored.updatedAt = new Date(stored.updatedAt);
      if (stored.deletedAt !== null) stored.deletedAt = new Date(stored.deletedAt);
      return stored;
    },
  },
};

/** The row's values in the order of `PROPERTIES`, as the driver takes them. */
export function storedValues(row, { toStored }) {
  return PROPERTIES.map((property) => toStored(property, row[property]));
}

/** The row as an object of what the driver takes. */
export function storedObject(row, { toStored }) {
  return Object.fromEntries(PROPERTIES.map((property) => [property, toStored(property, row[property])]));
}
