import { expect, it } from 'vitest';
import { AGENT_VARIABLES, loadConfig } from '../../../device-agent/config.ts';
import { parseFleetOptions, shares } from '../../../device-agent/fleet/options.ts';

it('every variable has a default, and the defaults are valid', () => {
  expect(loadConfig({})).toMatchObject({
    output: 'alsa',
    cacheBytes: 1024 * 1024 * 1024,
    dataBudgetBytes: 0,
  });
});

it.each([
  ['LOA_AGENT_OUTPUT', 'speaker'],
  ['LOA_AGENT_CACHE_MB', '1.5'],
  ['LOA_AGENT_CACHE_MB', '0'],
  ['LOA_AGENT_DATA_BUDGET_MB_PER_DAY', '-1'],
  ['LOA_AGENT_LOG', 'loud'],
  ['LOA_AGENT_SET_CLOCK', 'yes'],
])('a bad %s (%s) is refused with one line that names it', (name, value) => {
  expect(Object.values(AGENT_VARIABLES).map((variable) => variable.name)).toContain(name);
  expect(() => loadConfig({ [name]: value })).toThrow(
    new RegExp(`^${name} is "${value}": expected [^\\n]+$`),
  );
});

it('the file output needs a folder', () => {
  expect(() => loadConfig({ LOA_AGENT_OUTPUT: 'file' })).toThrow(/^LOA_AGENT_OUTPUT_DEVICE/);
});

it('a fleet is spread evenly, within what open files allow', () => {
  expect(shares(1_200, 500, 100_000)).toEqual([400, 400, 400]);
  expect(shares(10, 500, 100_000)).toEqual([10]);
  const tight = shares(1_000, 500, 1_024);
  expect(tight.reduce((a, b) => a + b)).toBe(1_000);
  expect(Math.max(...tight)).toBeLessThanOrEqual(154);
  expect(() => parseFleetOptions(['--speakers', '0'])).toThrow('--speakers is "0"');
  expect(() => parseFleetOptions(['--speakers', '5', '--token', 'x'])).toThrow('--url and --area');
});
