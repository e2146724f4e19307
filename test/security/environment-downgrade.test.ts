import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EnvironmentVariables, getEnv, loadEnvHierarchy } from '../../src/service/env/index.js';

describe('row 5: a file cannot take a service out of production', () => {
  let rootDir: string;

  beforeEach(() => {
    rootDir = mkdtempSync(join(tmpdir(), 'app-kernel-env-'));
  });
  afterEach(() => rmSync(rootDir, { recursive: true }));

  const environmentWith = (variables: EnvironmentVariables, file: string): string => {
    writeFileSync(join(rootDir, '.env'), file);
    loadEnvHierarchy({ rootDir, variables });
    return getEnv(variables);
  };

  it.each([{ ENV: 'production' }, { ENV: 'prod' }, { APP_ENV: 'production' }, { ENV: ' PROD ' }])(
    'that the system named: %o',
    (variables) => {
      expect(environmentWith(variables, 'APP_ENV=dev\nENV=dev\nOTHER=1')).toBe('prod');
      expect(variables).toMatchObject({ OTHER: '1' });
    },
  );

  it('but names it where the system did not', () => {
    expect(environmentWith({}, 'APP_ENV=dev')).toBe('dev');
    expect(environmentWith({ APP_ENV: '', ENV: ' ' }, 'APP_ENV=dev')).toBe('prod');
  });
});
