import { type DestinationStream, type Logger, pino } from 'pino';
import type { LogLevel } from './config/index.ts';

export type { Logger } from 'pino';

/** Where a secret might stand in what is logged. Audio is never handed to the log. */
const SECRET_PATHS = [
  'authorization',
  'secret',
  'token',
  'password',
  'privateKey',
  '*.authorization',
  '*.secret',
  '*.token',
  '*.password',
  '*.privateKey',
  'req.headers.authorization',
  'req.headers.cookie',
  'provisioning.secret',
];

/** Structured log on stdout, one JSON object a line, secrets blotted out. */
export function createLogger(level: LogLevel, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: SECRET_PATHS, censor: '…' },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}
