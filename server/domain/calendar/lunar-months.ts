import { newMoon, newMoonNumber } from './new-moon.ts';
import { sunLongitude } from './sun-longitude.ts';

/** One month of the lunar calendar. */
export interface LunarMonth {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly leap: boolean;
  /** Its first day, in days since 1970-01-01. */
  readonly start: number;
  /** In days, 29 or 30. */
  readonly length: number;
}

/** From month 11 of the year before, which holds the winter solstice, to the day before month 11 of this year. */
export interface SolsticeYear {
  readonly start: number;
  /** 12, or 13 with a leap month, in order. */
  readonly months: readonly LunarMonth[];
}

/** Vietnam reckons at 105° E since 1968. */
export const VIETNAM_HOURS = 7;

const known = new Map<number, SolsticeYear>();

/** The lunar months from the solstice of the year before to that of `year`, as Vietnam reckons them. Remembered. */
export function lunarMonths(year: number): SolsticeYear {
  let months = known.get(year);
  if (months === undefined) {
    months = solsticeYear(year, VIETNAM_HOURS);
    known.set(year, months);
  }
  return months;
}

/**
 * The months by the rules: a month begins on the local day of the new moon; month 11 is the one with the winter
 * solstice; where thirteen months lie between two of these, the first one without a trung khí (a multiple of 30° of the
 * sun's longitude) repeats the number of the one before. `hours` is how far the local day is ahead of UT.
 * (Hồ Ngọc Đức, "Calculating the Vietnamese lunar calendar".)
 */
export function solsticeYear(year: number, hours: number): SolsticeYear {
  const first = eleventhMonth(year - 1, hours);
  const last = eleventhMonth(year, hours);
  const starts: number[] = [];
  for (let k = first; k <= last; k++) starts.push(monthStart(k, hours));
  const leapIndex = last - first === 13 ? indexWithoutTrungKhi(starts, hours) : Number.POSITIVE_INFINITY;
  const months = starts.slice(0, -1).map((start, index) => {
    const place = 10 + index - (index >= leapIndex ? 1 : 0);
    return {
      year: place < 12 ? year - 1 : year,
      month: (place % 12) + 1,
      leap: index === leapIndex,
      start,
      length: (starts[index + 1] as number) - start,
    };
  });
  return { start: starts[0] as number, months };
}

/** Number of the new moon that begins the month of a year's winter solstice. */
function eleventhMonth(year: number, hours: number): number {
  const solstice = solsticeDay(year, hours);
  let k = newMoonNumber(solstice) + 1;
  while (monthStart(k, hours) > solstice) k--;
  return k;
}

/** Local day on which the sun reaches 270°. */
function solsticeDay(year: number, hours: number): number {
  let day = Date.UTC(year, 11, 19) / 86_400_000;
  // The sector of a day is taken at its first instant: the solstice lies in the day before the sector's first.
  while (sector(day + 1, hours) < 9) day++;
  return day;
}

function monthStart(k: number, hours: number): number {
  return Math.floor(newMoon(k) + hours / 24);
}

function indexWithoutTrungKhi(starts: readonly number[], hours: number): number {
  const sectors = starts.map((start) => sector(start, hours));
  return sectors.findIndex((value, index) => index > 0 && value === sectors[index + 1]);
}

/** In which twelfth of the sun's way, 0 to 11, a local day begins. */
function sector(day: number, hours: number): number {
  return Math.floor(sunLongitude(day - hours / 24) / 30);
}
