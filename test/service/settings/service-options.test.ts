import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ServiceConfig } from 'app-kernel';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { describeSettings } from '../../../src/service/settings/settings.js';
import { ROOT } from '../setup/child.js';
import { interfaceMembers, schemaKeys } from '../setup/declared-names.js';
import { releaseServices } from '../setup/fresh-service.js';
import { configProbes } from './config-probes.js';
import { optionProbes } from './option-probes.js';
import type { Probe } from './probe.js';

const OPTIONS = interfaceMembers('src/service/settings/options.ts', 'ServiceOptions');
const FIELDS = schemaKeys('src/service/settings/config.ts');
const DOCUMENT = readFileSync(join(ROOT, 'docs/configuration.md'), 'utf8');

afterEach(async () => {
  vi.unstubAllEnvs();
  await releaseServices();
});

/** One test per name; a name without a probe fails. */
function probeAll(names: readonly string[], probes: Readonly<Record<string, Probe>>, file: string): void {
  for (const name of names) {
    it(`has an effect: ${name}`, async () => {
      const probe = probes[name];
      if (!probe) throw new Error(`No probe shows the effect of ${name}: write one in ${file}`);
      await probe();
    });
  }
  it('is still there: no probe is left of one that is gone', () => {
    expect(Object.keys(probes).sort()).toEqual([...names].sort());
  });
}

/** The cells of the table row that begins with `name`, anywhere in the document. */
function rowOf(name: string, section: string): string[] | undefined {
  const row = section.split('\n').find((line) => line.startsWith(`| \`${name}\` |`));
  return row?.split('|').map((cell) => cell.trim());
}

function sectionOf(title: string): string {
  const [, rest = ''] = DOCUMENT.split(`\n## ${title}`);
  return rest.split('\n## ')[0] ?? '';
}

describe('every option of createService', () => {
  probeAll(OPTIONS, optionProbes, 'option-probes.ts');
});

describe('every field of ServiceConfig', () => {
  probeAll(FIELDS, configProbes, 'config-probes.ts');

  it('is read from its own variable', () => {
    const samples: Record<string, string> = {
      emailProvider: 'smtp',
      oauthProviders: '{}',
      corsOrigins: 'https://a.example',
      logLevel: 'info',
    };
    for (const field of FIELDS) {
      const variable = field.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
      const { fields } = ServiceConfig.fromEnv({ [variable]: samples[field] ?? '1' });
      expect(Object.keys(fields), variable).toContain(field);
    }
  });
});

describe('docs/configuration.md', () => {
  it.each(OPTIONS)('names the option %s with default and effect', (option) => {
    const [, , preset, effect] = rowOf(option, sectionOf('Options of `createService`')) ?? [];
    expect(preset, `${option}: default`).toBeTruthy();
    expect(effect, `${option}: effect`).toBeTruthy();
  });

  it.each(FIELDS)('names the field %s of ServiceConfig with its variable', (field) => {
    const [, , variable] = rowOf(field, sectionOf('Fields of `ServiceConfig`')) ?? [];
    expect(variable).toContain(field.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase());
  });

  it.each(describeSettings().map((setting) => [`${setting.group}.${setting.field}`, setting] as const))(
    'names the setting %s with its default',
    (_name, { group, field, default: preset }) => {
      const section = sectionOf('`KernelSettings`');
      const own = section.split(/\n### /).find((part) => part.startsWith(`\`${group}\``)) ?? '';
      const [, , shown] = rowOf(field, own) ?? [];
      expect(shown, `${group}.${field}`).toBeTruthy();
      expect(shown?.replace(/[`'"\s]/g, '')).toContain(String(JSON.stringify(preset)).replace(/[`'"\s]/g, ''));
    },
  );

  it('names no option or field that does not exist', () => {
    const named = (title: string) =>
      [...sectionOf(title).matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name ?? '').sort();
    expect(named('Options of `createService`')).toEqual([...OPTIONS].sort());
    expect(named('Fields of `ServiceConfig`')).toEqual([...FIELDS].sort());
  });
});
