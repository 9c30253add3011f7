import { toEphemeris } from './dynamical-time.ts';
import { sinOf, turn } from './polynomial.ts';

/** Amplitude in 10⁻⁸ rad, phase in rad, rate in rad per thousand Julian years. */
type Term = readonly [amplitude: number, phase: number, rate: number];

/**
 * Heliocentric longitude of the Earth: the larger terms of VSOP87 (Bretagnon and Francou 1988) as in Meeus,
 * Astronomical Algorithms (2nd edition), appendix III; one list per power of time. What is left out is below 2″, which
 * the sun takes 50 s for.
 */
const SERIES: readonly (readonly Term[])[] = [
  [
    [175347046, 0, 0],
    [3341656, 4.6692568, 6283.07585],
    [34894, 4.6261, 12566.1517],
    [3497, 2.7441, 5753.3849],
    [3418, 2.8289, 3.5231],
    [3136, 3.6277, 77713.7715],
    [2676, 4.4181, 7860.4194],
    [2343, 6.1352, 3930.2097],
    [1324, 0.7425, 11506.7698],
    [1273, 2.0371, 529.691],
    [1199, 1.1096, 1577.3435],
    [990, 5.233, 5884.927],
    [902, 2.045, 26.298],
    [857, 3.508, 398.149],
    [780, 1.179, 5223.694],
    [753, 2.533, 5507.553],
    [505, 4.583, 18849.228],
    [492, 4.205, 775.523],
    [357, 2.92, 0.067],
    [317, 5.849, 11790.629],
    [284, 1.899, 796.298],
    [271, 0.315, 10977.079],
    [243, 0.345, 5486.778],
    [206, 4.806, 2544.314],
    [205, 1.869, 5573.143],
    [202, 2.458, 6069.777],
    [156, 0.833, 213.299],
    [132, 3.411, 2942.463],
    [126, 1.083, 20.775],
    [115, 0.645, 0.98],
    [103, 0.636, 4694.003],
    [102, 0.976, 15720.839],
    [102, 4.267, 7.114],
    [99, 6.21, 2146.17],
    [98, 0.68, 155.42],
    [86, 5.98, 161000.69],
    [85, 1.3, 6275.96],
    [85, 3.67, 71430.7],
    [80, 1.81, 17260.15],
  ],
  [
    [628331966747, 0, 0],
    [206059, 2.678235, 6283.07585],
    [4303, 2.6351, 12566.1517],
    [425, 1.59, 3.523],
    [119, 5.796, 26.298],
    [109, 2.966, 1577.344],
    [93, 2.59, 18849.23],
    [72, 1.14, 529.69],
    [68, 1.87, 398.15],
    [67, 4.41, 5507.55],
    [59, 2.89, 5223.69],
    [56, 2.17, 155.42],
  ],
  [
    [52919, 0, 0],
    [8720, 1.0721, 6283.0758],
    [309, 0.867, 12566.152],
  ],
  [
    [289, 5.844, 6283.076],
    [35, 0, 0],
  ],
];

/** Apparent geocentric longitude of the sun at a Julian ephemeris day: degrees from the equinox of date, 0 to 360. */
export function sunLongitudeEphemeris(jde: number): number {
  const t = (jde - 2_451_545) / 365_250;
  let earth = 0;
  for (const [power, terms] of SERIES.entries()) {
    let sum = 0;
    for (const [amplitude, phase, rate] of terms) sum += amplitude * Math.cos(phase + rate * t);
    earth += sum * t ** power;
  }
  const centuries = 10 * t;
  const anomaly = 357.52911 + 35_999.05029 * centuries;
  const node = 125.04452 - 1934.136261 * centuries;
  const sun = 280.4665 + 36_000.7698 * centuries;
  const moon = 218.3165 + 481_267.8813 * centuries;
  const nutation =
    -17.2 * sinOf(node) - 1.32 * sinOf(2 * sun) - 0.23 * sinOf(2 * moon) + 0.21 * sinOf(2 * node);
  // By the distance of the sun, whose departure from 1 is as the cosine of the anomaly.
  const aberration = -20.4898 / (1.00014 - 0.01671 * sinOf(anomaly + 90));
  const toFk5 = -0.09033;
  return turn((earth * 1e-8 * 180) / Math.PI + 180 + (nutation + aberration + toFk5) / 3600);
}

/** Apparent longitude of the sun, in degrees, at days since 1970-01-01T00:00Z (UT, with fraction). */
export function sunLongitude(days: number): number {
  return sunLongitudeEphemeris(toEphemeris(days));
}
