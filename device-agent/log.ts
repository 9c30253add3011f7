/** Levels of a log line, from talkative to grave. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

type LogFields = Readonly<Record<string, unknown>>;

/** Where an agent tells what it does. One line of JSON per message; fields must not hold secrets. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log whose lines all carry these fields. */
  with(fields: LogFields): Log;
}

/** Writes lines at or above `level` with `write`, each with the time that `now` gives. */
export function jsonLog(
  level: LogLevel,
  write: (line: string) => void,
  now: () => number,
  fixed: LogFields = {},
): Log {
  const lowest = LOG_LEVELS.indexOf(level);
  const line =
    (of: LogLevel) =>
    (message: string, fields: LogFields = {}) => {
      if (LOG_LEVELS.indexOf(of) < lowest) return;
      const shown = Object.fromEntries(
        Object.entries({ ...fixed, ...fields }).map(([name, value]) => [name, shownValue(value)]),
      );
      write(`${JSON.stringify({ time: new Date(now()).toISOString(), level: of, message, ...shown })}\n`);
    };
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    with: (fields) => jsonLog(level, write, now, { ...fixed, ...fields }),
  };
}

/** A log that says nothing. */
export const silentLog: Log = jsonLog(
  'silent',
  () => undefined,
  () => 0,
);

/** An error's own words, and those of its cause: enough to act on, without a page of stack. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : ` (${errorText(error.cause)})`;
  return `${error.message}${cause}`;
}

function shownValue(value: unknown): unknown {
  return value instanceof Error ? errorText(value) : value;
}
