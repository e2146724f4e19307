import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { entityMeta } from '../../../src/orm/entity/registry.js';
import { Entity, Field, Model, SchemaError } from '../../../src/orm/index.js';
import { CompiledOrm } from '../compiled-orm.js';

const types = (entity: Parameters<typeof entityMeta>[0]): Record<string, string> =>
  Object.fromEntries(
    entityMeta(entity)
      .fields.filter((field) => !field.system)
      .map((field) => [field.property, field.type]),
  );

describe('with emitted metadata', () => {
  it('infers what the property says', () => {
    @Entity({ table: 'inferred' })
    class Inferred extends Model {
      @Field() text!: string;
      @Field() amount!: number;
      @Field() flag!: boolean;
      @Field() at!: Date;
      @Field() list!: string[];
      @Field() bytes!: Uint8Array;
      @Field({ default: 0 }) price!: number;
      @Field('integer') whole!: number;
    }
    expect(types(Inferred)).toEqual({
      text: 'string',
      amount: 'number',
      flag: 'boolean',
      at: 'datetime',
      list: 'json',
      bytes: 'blob',
      price: 'number',
      whole: 'integer',
    });
  });

  it('names class and field of what cannot be inferred', () => {
    expect(() => {
      class Vague extends Model {
        @Field() note!: string | null;
      }
      return Vague;
    }).toThrow('The type of Vague.note cannot be inferred');
  });

  it('takes the fields of abstract ancestors, which a class may declare anew', () => {
    abstract class Owned extends Model {
      @Field({ type: 'string', nullable: false }) ownerId!: string;
      @Field({ type: 'string' }) label!: string;
    }
    @Entity({ table: 'owned_a' })
    class A extends Owned {
      @Field({ type: 'integer' }) size!: number;
    }
    @Entity({ table: 'owned_b' })
    class B extends Owned {
      @Field({ type: 'text' }) declare label: string;
    }
    expect(types(A)).toEqual({ ownerId: 'string', label: 'string', size: 'integer' });
    expect(types(B)).toEqual({ ownerId: 'string', label: 'text' });
  });
});

describe('a faulty declaration', () => {
  const declare = (options: object, entity: object = {}) => {
    class Faulty extends Model {
      value!: string;
    }
    (Field(options) as PropertyDecorator)(Faulty.prototype, 'value');
    Entity({ table: 'faulty', ...entity })(Faulty);
  };

  it('is refused at once, naming class and field', () => {
    expect(() => declare({ type: 'strnig' })).toThrow(/Faulty.value has the unknown type "strnig"/);
    expect(() => declare({ type: 'integer', default: 'x' })).toThrow(/default of Faulty.value/);
    expect(() => declare({ type: 'decimal', precision: 2, scale: 3 })).toThrow(/Faulty.value: precision/);
    expect(() => declare({ type: 'string', length: 0 })).toThrow(/length/);
    expect(() => declare({ type: 'string' }, { unique: [['valeu']] })).toThrow('did you mean "value"?');
    expect(() => declare({ type: 'string' }, { tenant: 'nope' })).toThrow(/tenant of Faulty/);
    expect(() => declare({ type: 'string' }, { table: 'x"; DROP' })).toThrow(SchemaError);
  });

  it('cannot redeclare what the ORM keeps, or what every object has', () => {
    for (const property of ['id', 'version', 'createdAt', 'historyTimestamp', '__proto__', 'constructor']) {
      class Taken extends Model {}
      (Field({ type: 'string' }) as PropertyDecorator)(Taken.prototype, property);
      expect(() => Entity({ table: 'taken' })(Taken), property).toThrow(SchemaError);
    }
  });

  it('is refused when a class without @Entity is used', async () => {
    class Bare extends Model {}
    await expect(Bare.find()).rejects.toThrow('Bare has no @Entity');
  });
});

describe('in every way of compiling decorators', () => {
  let orm: CompiledOrm;
  beforeAll(() => {
    orm = new CompiledOrm();
  });
  afterAll(() => orm.remove());

  const SOURCE = `
    import { Entity, Field, Model, connect } from './orm/index.js';
    abstract class Base extends Model {
      @Field({ type: 'string' }) owner!: string;
    }
    @Entity({ table: 'compiled' })
    class Compiled extends Base {
      @Field({ type: 'string', nullable: false }) name!: string;
      @Field({ default: 5 }) amount!: number;
      @Field('json') tags?: string[];
    }
    const db = await connect('sqlite::memory:', { entities: [Compiled] });
    await db.migrate();
    const saved = await Compiled.save({ name: 'n', tags: ['t'], owner: 'o' });
    const read = await Compiled.getOrThrow(saved.id);
    await db.close();
    console.log(JSON.stringify([read instanceof Compiled, read.name, read.amount, read.tags, read.owner]));`;

  const WAYS = {
    'legacy with metadata': {},
    'legacy without metadata': { emitDecoratorMetadata: false },
    'legacy with defined class fields': { useDefineForClassFields: true },
    standard: { experimentalDecorators: false, emitDecoratorMetadata: false },
    'standard with defined class fields': {
      experimentalDecorators: false,
      emitDecoratorMetadata: false,
      useDefineForClassFields: true,
    },
  };

  for (const [way, options] of Object.entries(WAYS)) {
    it(`stores the same: ${way}`, async () => {
      const program = orm.program(way.replaceAll(' ', '-'), SOURCE, options);
      expect(JSON.parse(await orm.run(program))).toEqual([true, 'n', 5, ['t'], 'o']);
    });
  }
});
