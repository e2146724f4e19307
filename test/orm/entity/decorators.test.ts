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

  it('refuses a property whose name is no identifier', () => {
    for (const property of ['na"me', 'a b', '\u212Aey', '0th']) {
      class Odd extends Model {}
      Field('string')(Odd.prototype, property);
      expect(() => Entity({ table: 'odd' })(Odd), property).toThrow(/is no identifier/);
    }
  });

  it('refuses two properties of one column', () => {
    class Twice extends Model {}
    for (const property of ['userId', 'user_id']) Field('string')(Twice.prototype, property);
    expect(() => Entity({ table: 'twice' })(Twice)).toThrow('both the column user_id');
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

  it('is refused where its reference cannot hold', () => {
    const references = (): typeof Model => Model;
    expect(() => declare({ type: 'string', onDelete: 'cascade' })).toThrow(/Faulty.value: onDelete is of a field with/);
    expect(() => declare({ type: 'string', references, onDelete: 'explode' })).toThrow(/one of 'restrict', 'cascade'/);
    expect(() => declare({ type: 'integer', references })).toThrow(/its type is 'string' or 'uuid', not 'integer'/);
    expect(() => declare({ type: 'string', nullable: false, references, onDelete: 'set null' })).toThrow(/is nullable/);
  });

  it('cannot redeclare what the ORM keeps, or what every object has', () => {
    for (const property of ['id', 'version', 'createdAt', 'historyTimestamp', '__proto__', 'constructor']) {
      class Taken extends Model {}
      (Field({ type: 'string' }) as PropertyDecorator)(Taken.prototype, property);
      expect(() => Entity({ table: 'taken' })(Taken), property).toThrow(SchemaError);
    }
  });

  it('cannot be named as what joins conditions in a filter', () => {
    for (const property of ['and', 'or', 'not']) {
      class Joining extends Model {}
      (Field({ type: 'string' }) as PropertyDecorator)(Joining.prototype, property);
      expect(() => Entity({ table: 'joining' })(Joining), property).toThrow(/joins conditions in a filter; rename it/);
    }
  });

  it('leaves room in the name of its table for that of its history', () => {
    class Long extends Model {}
    const declareLong = (length: number, history?: boolean) => () =>
      Entity({ table: 'x'.repeat(length), ...(history !== undefined && { history }) })(Long);
    expect(declareLong(55)).not.toThrow();
    expect(declareLong(56)).toThrow(/The table of Long has a name of 56 characters.*give it one of at most 55/);
    expect(declareLong(63, false)).not.toThrow();
    expect(declareLong(64, false)).toThrow(SchemaError);
  });

  it('says what of its history may go in whole days or versions, and only where it has one', () => {
    class Pruned extends Model {}
    for (const historyRetention of [{}, { days: 0 }, { keepLast: 1.5 }, { days: '30' as never }])
      expect(() => Entity({ table: 'pruned', historyRetention })(Pruned)).toThrow(/days or keepLast/);
    const without = Entity({ table: 'pruned', history: false, historyRetention: { days: 30 } });
    expect(() => without(Pruned)).toThrow(/keeps no history/);
  });

  it('has no options but those there are', () => {
    class Misspelt extends Model {}
    const declare = (options: object) => () => Entity(options as never)(Misspelt);
    expect(declare({ table: 'x', tennant: 'a' })).toThrow(
      '@Entity of Misspelt has no option "tennant"; did you mean "tenant"?',
    );
    expect(declare({ tabel: 'x' })).toThrow('Misspelt names no table');
    expect(() => Entity(undefined as never)(Misspelt)).toThrow('Misspelt names no table');
    const field = () => Field({ type: 'string', nulable: false } as never)(Misspelt.prototype, 'name');
    expect(field).toThrow('@Field of Misspelt.name has no option "nulable"; did you mean "nullable"?');
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
    import { BelongsTo, Entity, Field, HasMany, Model, connect } from './orm/index.js';
    abstract class Base extends Model {
      @Field({ type: 'string' }) owner!: string;
    }
    @Entity({ table: 'compiled' })
    class Compiled extends Base {
      @Field({ type: 'string', nullable: false }) name!: string;
      @Field({ default: 5 }) amount!: number;
      @Field('json') tags?: string[];
      @HasMany(() => Part, 'wholeId') parts?: Part[];
    }
    @Entity({ table: 'parts' })
    class Part extends Model {
      @Field({ type: 'string', references: () => Compiled }) wholeId!: string;
      @BelongsTo('wholeId') whole?: Compiled;
    }
    const db = await connect('sqlite::memory:', { entities: [Compiled, Part] });
    await db.migrate();
    const saved = await Compiled.save({ name: 'n', tags: ['t'], owner: 'o' });
    await Part.save({ wholeId: saved.id });
    const read = await Compiled.getOrThrow(saved.id, { include: { parts: { include: { whole: true } } } });
    await db.close();
    console.log(JSON.stringify([read instanceof Compiled, read.name, read.amount, read.tags, read.owner, read.parts[0].whole.name]));`;

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
      expect(JSON.parse(await orm.run(program))).toEqual([true, 'n', 5, ['t'], 'o', 'n']);
    });
  }

  it('lets two files with emitted metadata relate to each other', async () => {
    const file = (name: string, other: string, body: string) =>
      orm.program(
        name.toLowerCase(),
        `import { BelongsTo, Entity, Field, HasMany, Model, type Relation } from './orm/index.js';
         import { ${other} } from './${other.toLowerCase()}.js';
         @Entity({ table: '${name.toLowerCase()}s' })
         export class ${name} extends Model { ${body} }`,
      );
    file(
      'Wheel',
      'Car',
      `@Field({ type: 'string', references: () => Car }) carId!: string;
                          @BelongsTo('carId') car?: Relation<Car> | null;`,
    );
    file('Car', 'Wheel', `@HasMany(() => Wheel, 'carId') wheels?: Wheel[];`);
    const program = orm.program(
      'circle',
      `import { connect } from './orm/index.js';
       import { Car } from './car.js';
       import { Wheel } from './wheel.js';
       const db = await connect('sqlite::memory:', { entities: [Car, Wheel] });
       await db.migrate();
       const { id } = await Car.save({});
       await Wheel.save({ carId: id });
       const car = await Car.get(id, { include: { wheels: { include: { car: true } } } });
       console.log(car.wheels[0].car.id === id);`,
    );
    expect(await orm.run(program)).toBe('true');
  });
});
