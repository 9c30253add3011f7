import { fromEphemeris } from './dynamical-time.ts';
import { polynomial, sinOf } from './polynomial.ts';

/** Mean length of a lunation, in days. */
const LUNATION = 29.530588861;

/** Days since 1970-01-01 of the new moon with number 0, on 6 January 2000. */
const FIRST_NEW_MOON = 10_962.59766;

/** Multiples of M, M′ and F in the argument of a term, and its amplitude in days; each M brings a factor E. */
type Term = readonly [m: number, moon: number, f: number, days: number];

/** Meeus, Astronomical Algorithms (2nd edition), chapter 49: the terms of new moon. */
const TERMS: readonly Term[] = [
  [0, 1, 0, -0.4072],
  [1, 0, 0, 0.17241],
  [0, 2, 0, 0.01608],
  [0, 0, 2, 0.01039],
  [-1, 1, 0, 0.00739],
  [1, 1, 0, -0.00514],
  [2, 0, 0, 0.00208],
  [0, 1, -2, -0.00111],
  [0, 1, 2, -0.00057],
  [1, 2, 0, 0.00056],
  [0, 3, 0, -0.00042],
  [1, 0, 2, 0.00042],
  [1, 0, -2, 0.00038],
  [-1, 2, 0, -0.00024],
  [2, 1, 0, -0.00007],
  [0, 2, -2, 0.00004],
  [3, 0, 0, 0.00004],
  [1, 1, -2, 0.00003],
  [0, 2, 2, 0.00003],
  [1, 1, 2, -0.00003],
  [-1, 1, 2, 0.00003],
  [-1, 1, -2, -0.00002],
  [1, 3, 0, -0.00002],
  [0, 4, 0, 0.00002],
];

/** The planets' arguments: degrees at number 0, degrees per lunation, amplitude in days. */
const PLANETS: readonly (readonly [number, number, number])[] = [
  [299.77, 0.107408, 0.000325],
  [251.88, 0.016321, 0.000165],
  [251.83, 26.651886, 0.000164],
  [349.42, 36.412478, 0.000126],
  [84.66, 18.206239, 0.00011],
  [141.74, 53.303771, 0.000062],
  [207.14, 2.453732, 0.00006],
  [154.84, 7.30686, 0.000056],
  [34.52, 27.261239, 0.000047],
  [207.19, 0.121824, 0.000042],
  [291.34, 1.844379, 0.00004],
  [161.72, 24.198154, 0.000037],
  [239.56, 25.513099, 0.000035],
  [331.55, 3.592518, 0.000023],
];

/** Julian ephemeris day of new moon number `k` (0: 6 January 2000). Within 20 s from 1900 to 2199, mostly within 5 s. */
export function newMoonEphemeris(k: number): number {
  const t = k / 1236.85;
  const mean = polynomial(t, [2_451_550.09766, 0, 0.00015437, -0.00000015, 0.00000000073]) + LUNATION * k;
  const e = polynomial(t, [1, -0.002516, -0.0000074]);
  const sun = polynomial(t, [2.5534, 0, -0.0000014, -0.00000011]) + 29.1053567 * k;
  const moon = polynomial(t, [201.5643, 0, 0.0107582, 0.00001238, -0.000000058]) + 385.81693528 * k;
  const f = polynomial(t, [160.7108, 0, -0.0016118, -0.00000227, 0.000000011]) + 390.67050284 * k;
  const node = polynomial(t, [124.7746, 0, 0.0020672, 0.00000215]) - 1.56375588 * k;
  let days = mean - 0.00017 * sinOf(node);
  for (const [ofSun, ofMoon, ofF, amplitude] of TERMS)
    days += amplitude * e ** Math.abs(ofSun) * sinOf(ofSun * sun + ofMoon * moon + ofF * f);
  for (const [index, [start, rate, amplitude]] of PLANETS.entries())
    days += amplitude * sinOf(start + rate * k - (index === 0 ? 0.009173 * t * t : 0));
  return days;
}

/** Days since 1970-01-01T00:00Z (UT, with fraction) of new moon number `k`. */
export function newMoon(k: number): number {
  return fromEphemeris(newMoonEphemeris(k));
}

/** Number of the new moon that lies nearest to a day (days since 1970-01-01), to one more or less. */
export function newMoonNumber(day: number): number {
  return Math.round((day - FIRST_NEW_MOON) / LUNATION);
}
