import { describe, expect, it } from 'vitest';
import { addressBucket, canonicalAddress, isPrivateAddress } from '../../src/http/index.js';

describe('an address', () => {
  it.each([
    ['1.2.3.4', '1.2.3.4'],
    [' 1.2.3.4:80 ', '1.2.3.4'],
    ['::1', '0:0:0:0:0:0:0:1'],
    ['[2001:DB8::1]:443', '2001:db8:0:0:0:0:0:1'],
    ['2001:db8::', '2001:db8:0:0:0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0:0:0:0:1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::ffff:a00:1', '10.0.0.1'],
    ['64:ff9b::1.2.3.4', '64:ff9b:0:0:0:0:102:304'],
  ])('%s has one spelling: %s', (text, canonical) => {
    expect(canonicalAddress(text)).toBe(canonical);
  });

  it.each(['', 'unknown', '1.2.3', '1.2.3.4.5', '999.1.1.1', 'fe80:::1', '[1.2.3.4', 'localhost', '0x7f.1'])(
    '%s is none',
    (text) => {
      expect(canonicalAddress(text)).toBeUndefined();
    },
  );

  it('shares its bucket with its /64 network, and never with nothing', () => {
    expect(addressBucket('2001:db8:1:2:3:4:5:6')).toBe('2001:db8:1:2::/64');
    expect(addressBucket('nonsense')).toBe('unknown');
  });

  it.each([
    '10.0.0.1',
    '127.0.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '169.254.1.1',
    '::1',
    'fd00::1',
    'fe80::1',
    '::ffff:10.0.0.1',
  ])('%s is private', (address) => {
    expect(isPrivateAddress(address)).toBe(true);
  });

  it.each(['172.32.0.1', '8.8.8.8', '2001:db8::1', 'nonsense', '::ffff:8.8.8.8'])('%s is not', (address) => {
    expect(isPrivateAddress(address)).toBe(false);
  });
});
