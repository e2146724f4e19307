import { beforeAll, describe, expect, it } from 'vitest';
import { Entity, Field, Model, ValidationError } from '../../src/orm/index.js';
import { withDatabase } from '../conformance/orm/suite.js';
import { BACKENDS } from '../orm/backends.js';

@Entity({ table: 'phrases' })
class Phrase extends Model {
  @Field({ type: 'text' }) text!: string;
}

const TEXTS = [
  '',
  '%',
  '_',
  '*',
  '\\',
  '!',
  '!%',
  '100%',
  '100 percent',
  'a_b',
  'axb',
  'A_B',
  'a*b',
  '\\%',
  '[a]',
  '?',
  'é',
  "'",
  '😀',
];

for (const backend of BACKENDS) {
  describe(`patterns from outside, ${backend.name}`, () => {
    withDatabase(backend, { entities: [Phrase] });
    beforeAll(async () => {
      await Phrase.saveMany(TEXTS.map((text) => ({ text })));
    });
    const found = async (where: object): Promise<string[]> =>
      (await Phrase.find({ where: where as never })).map(({ text }) => text).sort();

    it('mean their characters and nothing else', async () => {
      for (const part of [...TEXTS, '%%', '__', '%_', '\\_', '!!', '!_', '.*']) {
        expect(await found({ text: { contains: part } }), part).toEqual(
          TEXTS.filter((text) => text.includes(part)).sort(),
        );
        expect(await found({ text: { startsWith: part } }), part).toEqual(
          TEXTS.filter((text) => text.startsWith(part)).sort(),
        );
      }
    });

    it('mean in like what they say, on every engine', async () => {
      expect(await found({ text: { like: 'a_b' } })).toEqual(['a*b', 'a_b', 'axb']);
      expect(await found({ text: { like: 'a!_b' } })).toEqual(['a_b']);
      expect(await found({ text: { like: '%!%' } })).toEqual(['!%', '%', '100%', '\\%']);
      expect(await found({ text: { like: '!!' } })).toEqual(['!']);
      expect(await found({ text: { like: '\\' } })).toEqual(['\\']);
      expect(await found({ text: { like: '_' } })).toEqual(['!', '%', "'", '*', '?', '\\', '_', 'é', '😀'].sort());
      for (const like of ['!', 'a!', '!!!', 'a\0b', '\ud800'])
        await expect(found({ text: { like } }), like).rejects.toThrow(ValidationError);
    });
  });
}
