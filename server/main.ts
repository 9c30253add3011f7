import { DisposerStack, firstLineOf } from '#kit';
import { type DomainError, isDomainError } from '#protocols';
import { buildApp } from './app.ts';
import { ConfigError, loadConfig, SERVER_VARIABLES, type ServerConfig } from './config/index.ts';
import { buildContext } from './context.ts';
import { TokensFileError } from './domain/accounts/tokens-file.ts';
import { askMorningStart } from './first-run.ts';
import { finishRestore } from './storage/backup/index.ts';
import { holdDataFolder } from './storage/folder-lock.ts';
import { StorageStartError } from './storage/index.ts';

/** After this long a graceful stop is given up. */
const STOP_LIMIT_MS = 15_000;

/** Runs the controller until it is told to stop; after a restore it starts again on what was put back. Resolves with the exit code. */
async function main(): Promise<number> {
  const stopped = untilSignal();
  try {
    // Before anything is looked at: a restore at the terminal may be at work. Held until the process ends.
    process.once('exit', holdDataFolder(loadConfig(process.env).dataFolder));
  } catch (error) {
    process.stderr.write(`loa: ${startFailure(error)}\n`);
    return 1;
  }
  for (;;) {
    const parts = new DisposerStack();
    let restart: Promise<void>;
    try {
      ({ restart } = await start(loadConfig(process.env), parts));
    } catch (error) {
      process.stderr.write(`loa: ${startFailure(error)}\n`);
      await parts.dispose().catch(() => undefined);
      return 1;
    }
    const signal = await Promise.race([stopped, restart.then(() => null)]);
    process.stderr.write(
      `loa: ${signal ?? 'khôi phục xong'}: đang ${signal === null ? 'khởi động lại' : 'dừng'}\n`,
    );
    const limit = setTimeout(() => process.exit(1), STOP_LIMIT_MS);
    limit.unref();
    try {
      await parts.dispose();
      if (signal !== null) return 0;
    } catch (error) {
      process.stderr.write(`loa: ${describe(error)}\n`);
      return 1;
    } finally {
      clearTimeout(limit);
    }
  }
}

/** Resolves, once it runs, with what tells that it is to start again. */
async function start(
  config: ServerConfig,
  parts: DisposerStack,
): Promise<{ readonly restart: Promise<void> }> {
  const context = await buildContext(config, {
    restoreUndone: await endRestore(config),
    // Only where somebody sits at a terminal: nothing else waits for an answer.
    ...(process.stdin.isTTY && process.stderr.isTTY
      ? {
          askMorningStart: () =>
            askMorningStart(process.stdin, process.stderr, () => void process.kill(process.pid, 'SIGINT')),
        }
      : {}),
  });
  parts.defer('controller', () => context.stop());
  await context.start();
  const app = await buildApp(context);
  parts.defer('HTTP', () => app.close());
  await app.listen({ host: config.host, port: config.port, backlog: 4096 });
  process.stderr.write(`loa: máy chủ chạy tại ${config.publicUrl}, dữ liệu ở ${config.dataFolder}\n`);
  parts.defer('the look at our own address', () => context.reach.stop());
  await context.reach.start();
  const setupLink = context.services.people.setup.link();
  if (setupLink !== null)
    process.stderr.write(
      `loa: chưa có tài khoản nào: mở ${setupLink} để tạo người quản trị đầu tiên hoặc khôi phục từ bản sao lưu (dùng một lần, đừng gửi cho ai)\n`,
    );
  return { restart: context.backupSide.restart };
}

/** Ends a restore that is under way. Resolves with what undid it; null: nothing did. */
async function endRestore(config: ServerConfig): Promise<DomainError | null> {
  try {
    const restored = await finishRestore(config);
    if (restored !== null)
      process.stderr.write(
        `loa: đã khôi phục bản sao lưu lúc ${new Date(restored.backupAt).toISOString()}; máy chủ cũ phải TẮT HẲN\n`,
      );
    return null;
  } catch (error) {
    if (!isDomainError(error, 'restore.undone')) throw error;
    // The old data is whole: the commune is better off with it than with no controller.
    process.stderr.write(`loa: ${error.message}\n`);
    return error;
  }
}

/** Resolves with the first SIGINT or SIGTERM; the second one ends the process at once. */
function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let told = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const)
      process.on(signal, () => {
        if (told) process.exit(130);
        told = true;
        resolve(signal);
      });
  });
}

/** One line for the operator: what is wrong and what to set. */
function startFailure(error: unknown): string {
  if (error instanceof ConfigError || error instanceof StorageStartError || error instanceof TokensFileError)
    return error.message;
  if (isDomainError(error)) return error.message;
  const failure = systemError(error);
  const variables = SERVER_VARIABLES;
  switch (failure?.code) {
    case 'EADDRINUSE':
      return `port ${failure.port} is in use by another program: set ${portVariable(failure.port)} to a free port`;
    case 'EACCES':
      if (failure.port !== undefined)
        return `port ${failure.port} may not be opened by this user: set ${portVariable(failure.port)} to one from 1024 on`;
      return `${failure.path ?? 'a file'} may not be written: set ${variables.data.name} to a folder that this user may write`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return `the address ${failure.address ?? ''} is not one of this machine: correct ${variables.host.name}`;
    case 'ENOENT':
    case 'ENOTDIR':
    case 'EROFS':
    case 'ENOSPC':
      return `${failure.path ?? 'the data folder'} cannot be written (${failure.code}): check ${variables.data.name}`;
    default:
      return `could not start: ${describe(error)}`;
  }
}

/** The variable that a port came from. */
function portVariable(port: number | undefined): string {
  const { mqttPort, port: httpPort } = SERVER_VARIABLES;
  const mqtt = process.env[mqttPort.name]?.trim() || mqttPort.default;
  return port === Number(mqtt) ? mqttPort.name : httpPort.name;
}

interface SystemFailure {
  readonly code: string;
  readonly port?: number;
  readonly path?: string;
  readonly address?: string;
}

function systemError(error: unknown): SystemFailure | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? (error as Error & SystemFailure)
    : undefined;
}

function describe(error: unknown): string {
  if (error instanceof AggregateError)
    return error.errors.map((one) => describe(one instanceof Error ? (one.cause ?? one) : one)).join('; ');
  return firstLineOf(error);
}

process.exitCode = await main();
// What still holds the process (a decoder that does not end, say) must not keep the box from restarting it.
setTimeout(() => process.exit(), 2_000).unref();
