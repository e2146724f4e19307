import fc from 'fast-check';
import { expect, it } from 'vitest';
import { internalField } from '../../../src/orm/entity/metadata.js';
import { postgresColumn } from '../../../src/orm/postgres/column-codecs.js';

const datetime = postgresColumn(internalField('at', 'datetime', false));
const fromRaw = datetime.fromRaw as (raw: string) => string;
const toValue = datetime.toValue as (raw: string) => Date;

/** As the server writes it: no zeros at the end of the fraction, and an era for the year 0. */
function asServer(date: Date): string {
  const iso = date.toISOString();
  const fraction = iso.slice(20, 23).replace(/0+$/, '');
  const text = `${iso.slice(0, 10)} ${iso.slice(11, 19)}${fraction && `.${fraction}`}+00`;
  return text.startsWith('0000') ? `0001${text.slice(4)} BC` : text;
}

it('reads every moment of the years 0 to 9999 to the millisecond, by either way', () => {
  const moments = fc.date({
    min: new Date('0000-01-01T00:00:00Z'),
    max: new Date('9999-12-31T23:59:59.999Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(moments, (moment) => {
      expect(fromRaw(asServer(moment))).toBe(moment.toISOString());
      expect(toValue(asServer(moment)).getTime()).toBe(moment.getTime());
    }),
    { numRuns: 2_000, examples: [[new Date('0099-12-31T23:59:59.900Z')], [new Date('2026-01-01T00:00:00Z')]] },
  );
});
