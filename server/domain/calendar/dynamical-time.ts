import { polynomial } from './polynomial.ts';

/** Julian day of 1970-01-01T00:00Z. */
const EPOCH_JD = 2_440_587.5;

/** Years before `until`: seconds that dynamical time is ahead of UT, as a polynomial of years since `origin`. */
interface Span {
  readonly until: number;
  readonly origin: number;
  readonly coefficients: readonly number[];
}

/** Espenak and Meeus, "Polynomial expressions for ΔT" (Five Millennium Canon of Solar Eclipses, NASA, 2006). */
const SPANS: readonly Span[] = [
  { until: 1900, origin: 1820, coefficients: [-20, 0, 0.0032] },
  { until: 1920, origin: 1900, coefficients: [-2.79, 1.494119, -0.0598939, 0.0061966, -0.000197] },
  { until: 1941, origin: 1920, coefficients: [21.2, 0.84493, -0.0761, 0.0020936] },
  { until: 1961, origin: 1950, coefficients: [29.07, 0.407, -1 / 233, 1 / 2547] },
  { until: 1986, origin: 1975, coefficients: [45.45, 1.067, -1 / 260, -1 / 718] },
  {
    until: 2005,
    origin: 2000,
    coefficients: [63.86, 0.3345, -0.060374, 0.0017275, 0.000651814, 0.00002373599],
  },
  { until: 2050, origin: 2000, coefficients: [62.92, 0.32217, 0.005589] },
  { until: 2150, origin: 1820, coefficients: [-20 - 0.5628 * 330, 0.5628, 0.0032] },
];
const LATER: Span = { until: Number.POSITIVE_INFINITY, origin: 1820, coefficients: [-20, 0, 0.0032] };

/** ΔT in seconds: measured until 2005, foretold after; by 2199 the Earth may differ from it by minutes. */
export function deltaT(year: number): number {
  const { origin, coefficients } = SPANS.find(({ until }) => year < until) ?? LATER;
  return polynomial(year - origin, coefficients);
}

/** Days since 1970-01-01T00:00Z (UT, with fraction) of a Julian ephemeris day. */
export function fromEphemeris(jde: number): number {
  return jde - EPOCH_JD - deltaTDays(jde);
}

/** Julian ephemeris day of days since 1970-01-01T00:00Z (UT, with fraction). */
export function toEphemeris(days: number): number {
  const jd = days + EPOCH_JD;
  return jd + deltaTDays(jd);
}

function deltaTDays(jd: number): number {
  return deltaT(2000 + (jd - 2_451_544.5) / 365.25) / 86_400;
}
