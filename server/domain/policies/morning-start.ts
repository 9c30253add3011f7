import type { Policy } from '#protocols';

/** The law lets mornings begin at 05:30 at the earliest (Decree 49/2024/NĐ-CP); a commune may begin later. */
export const EARLIEST_MORNING = '05:30';
export const LATEST_MORNING = '08:00';

/** What the first run suggests: before 06:00 it is night by QCVN 26:2010, and people asked for a later start. */
export const SUGGESTED_MORNING = '06:00';

/** Whether a text is a time at which mornings may begin, "HH:MM". */
export function isMorningStart(text: string): boolean {
  return /^0[5-8]:[0-5]\d$/.test(text) && text >= EARLIEST_MORNING && text <= LATEST_MORNING;
}

/** The policy that a new commune begins with: an hour in the morning from `start` on and an hour from 17:00. */
export function firstPolicy(start: string): Policy {
  const days = [1, 2, 3, 4, 5, 6, 7];
  const hour = String(Number(start.slice(0, 2)) + 1).padStart(2, '0');
  return {
    windows: [
      { days, opens: start, closes: `${hour}${start.slice(2)}` },
      { days, opens: '17:00', closes: '18:00' },
    ],
    sessionMinutes: null,
    legalBasis: 'Nghị định 49/2024/NĐ-CP',
  };
}
