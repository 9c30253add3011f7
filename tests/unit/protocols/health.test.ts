import { describe, expect, it } from 'vitest';
import { type Health, healthReportCodec, joinHealth, shortReport } from '#protocols';
import { healthOf } from '../../bench/load/background.ts';

const health = { ...(healthOf('spk-1') as Health), at: 1_000_000, uptimeSeconds: 100, sessionEpoch: 7 };
const later = { ...health, at: 1_300_000, uptimeSeconds: 400 };

describe('a short health report', () => {
  it('leaves out what is known, and gives the same health again', () => {
    const next: Health = {
      ...later,
      playing: { broadcastId: 'brc-1', positionMs: 0 },
      problems: ['cache.disk_full'],
    };
    const report = healthReportCodec.check(shortReport(health, next));
    expect(Object.keys(report).sort()).toEqual(['at', 'playing', 'problems', 'sessionEpoch', 'v']);
    expect(joinHealth(health, report)).toEqual(next);
    // What becomes null is said as such.
    const back = shortReport(next, { ...later, at: 1_301_000, uptimeSeconds: 401 });
    expect(back).toMatchObject({ playing: null, problems: [] });
    expect(joinHealth(next, back)).toEqual({ ...later, at: 1_301_000, uptimeSeconds: 401 });
  });

  it('lets the uptime go on by itself unless the clock was set', () => {
    expect(shortReport(health, later)).toEqual({ v: 1, sessionEpoch: 7, at: 1_300_000 });
    const set = { ...later, at: 9_000_000 };
    expect(shortReport(health, set)).toMatchObject({ uptimeSeconds: 400 });
    expect(joinHealth(health, shortReport(health, set))).toEqual(set);
  });

  it('is nothing without the whole one of the same connection', () => {
    const report = shortReport(health, later);
    expect(joinHealth(undefined, report)).toBeUndefined();
    expect(joinHealth({ ...health, sessionEpoch: 6 }, report)).toBeUndefined();
    expect(shortReport({ ...health, sessionEpoch: 6 }, later)).toEqual(later);
    expect(joinHealth({ ...health, sessionEpoch: 6 }, later)).toEqual(later);
  });
});
