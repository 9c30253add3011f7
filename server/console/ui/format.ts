/** Where the commune is; the pages show its time, whatever the device thinks. Told once the areas are read. */
let zone = 'Asia/Ho_Chi_Minh';

export function setZone(name: string): void {
  zone = name;
}

const NBSP = '\u00a0';

function parts(at: number): Record<string, string> {
  const format = new Intl.DateTimeFormat('vi-VN', {
    ...{ timeZone: zone, hourCycle: 'h23' },
    ...{ year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit' },
  });
  return Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
}

/** "20:05, 29/11/2026". */
export function when(at: number): string {
  const { hour, minute, day, month, year } = parts(at);
  return `${hour}:${minute},${NBSP}${day}/${month}/${year}`;
}

/** "29/11/2026". */
export function dayOf(at: number): string {
  const { day, month, year } = parts(at);
  return `${day}/${month}/${year}`;
}

/** "2026-11-29", as date fields take it. */
export function isoDay(at: number): string {
  const { day, month, year } = parts(at);
  return `${year}-${month}-${day}`;
}

/** The instant at which a day ("2026-11-29") begins in the commune. */
export function startOfDay(day: string): number {
  const guess = Date.parse(`${day}T00:00:00Z`);
  const { hour, minute, ...date } = parts(guess);
  const local = Date.UTC(
    Number(date['year']),
    Number(date['month']) - 1,
    Number(date['day']),
    Number(hour),
    Number(minute),
  );
  return guess - (local - guess);
}

/** The instant at which a day ("2026-11-29") is over in the commune, also where a day has not 24 hours. */
export function endOfDay(day: string): number {
  return startOfDay(isoDay(startOfDay(day) + 36 * 3_600_000));
}

/** "3 phút trước", "2 giờ trước", or the day. */
export function ago(at: number, now: number): string {
  const minutes = Math.round((now - at) / 60_000);
  if (minutes < 1) return 'vừa xong';
  if (minutes < 60) return `${minutes}${NBSP}phút trước`;
  if (minutes < 24 * 60) return `${Math.round(minutes / 60)}${NBSP}giờ trước`;
  return when(at);
}

/** "12,3 MB". */
export function size(bytes: number): string {
  const units = ['byte', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 100 ? 0 : 1;
  return `${value.toLocaleString('vi-VN', { maximumFractionDigits: digits })}${NBSP}${units[unit]}`;
}

/** "1 phút 05 giây". */
export function length(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds}${NBSP}giây`;
  return `${Math.floor(seconds / 60)}${NBSP}phút ${String(seconds % 60).padStart(2, '0')}${NBSP}giây`;
}

/** A root key as people compare it: a line ends in the middle of it or nowhere. */
export function rootKeyCode(fingerprint: string): string {
  const groups = fingerprint.split(' ');
  const half = Math.ceil(groups.length / 2);
  return [groups.slice(0, half), groups.slice(half)].map((one) => one.join(NBSP)).join(' ');
}

/** What people compare by eye: the first and last letters of a hash. */
export function shortHash(hash: string): string {
  return `${hash.slice(0, 6)}…${hash.slice(-4)}`;
}

/** A browser and its machine, as far as its own name tells. */
export function device(userAgent: string): string {
  const browser =
    [
      ['Edg/', 'Edge'],
      ['coc_coc', 'Cốc Cốc'],
      ['Firefox/', 'Firefox'],
      ['SamsungBrowser', 'Samsung Internet'],
      ['Chrome/', 'Chrome'],
      ['Safari/', 'Safari'],
    ].find(([mark]) => userAgent.includes(mark ?? ''))?.[1] ?? 'Trình duyệt khác';
  const system = [
    ['Android', 'Android'],
    ['iPhone', 'iPhone'],
    ['iPad', 'iPad'],
    ['Windows', 'Windows'],
    ['Mac OS X', 'macOS'],
    ['Linux', 'Linux'],
  ].find(([mark]) => userAgent.includes(mark ?? ''))?.[1];
  return system === undefined ? browser : `${browser} trên ${system}`;
}
