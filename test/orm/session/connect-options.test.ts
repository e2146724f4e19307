import { expect, it } from 'vitest';
import { ConfigError, type ConnectOptions, connect } from '../../../src/orm/index.js';

const faultsOf = async (options: object): Promise<string> => {
  const refused = connect('sqlite::memory:', options as ConnectOptions);
  await expect(refused).rejects.toBeInstanceOf(ConfigError);
  return refused.then(
    () => '',
    (error: ConfigError) => error.message,
  );
};

it('names every faulty option at once, with its mend', async () => {
  const message = await faultsOf({ poolSize: 0, acquireTimeoutMs: 1e12, slowQueryMs: Number.NaN, debug: 'yes' });
  expect(message.split('\n')).toEqual([
    'The database cannot be opened with these options:',
    '  - poolSize: must be a whole number from 1 to 10000, not 0. Write for example poolSize: 10',
    '  - acquireTimeoutMs: must be whole milliseconds from 1 to 2147483647, not 1000000000000. Write for example acquireTimeoutMs: 10000',
    '  - slowQueryMs: must be a number of milliseconds from 0, not NaN. Write for example slowQueryMs: 1000',
    '  - debug: must be true or false, not a string. Write for example debug: false',
  ]);
});

it('suggests the option that was meant', async () => {
  expect(await faultsOf({ poolsize: 5 })).toContain('poolsize: is no option; did you mean "poolSize"?');
});

it('repeats nothing that may be secret', async () => {
  expect(await faultsOf({ ssl: 'hush-hush', entities: ['hush-hush'] })).not.toContain('hush-hush');
});

it('takes options that are undefined as left out', async () => {
  const db = await connect('sqlite::memory:', { poolSize: undefined, entities: [] });
  await db.close();
});
