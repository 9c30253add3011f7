import { randomUUID } from 'node:crypto';
import { assembleAgent, type Machine, processLog, readProvisioning, thisMachine } from './assemble.ts';
import { type AgentConfig, ConfigError, loadConfig } from './config.ts';
import { examine } from './doctor.ts';
import { enrolCommand } from './enrol/command.ts';
import { askOnTerminal } from './enrol/terminal.ts';
import { handOver } from './home/hand-over.ts';
import { errorText, type Log } from './log.ts';
import { AGENT_VERSION } from './version.ts';

const USAGE = `loa-agent [--version | doctor | enrol | rehome FILE]
  (nothing)   runs the loudspeaker until SIGTERM or SIGINT
  enrol       makes this machine the loudspeaker that a code was made for: --uri 'loa:enrol?…', or --url URL --speaker ID --code CODE;
              what is missing is asked for
  rehome FILE takes a document that moves this loudspeaker to another controller, where the controller that it has cannot tell it
  doctor      says whether this machine is ready to be one; exit code 1 when it is not
  --version   prints the version
`;

const COMMANDS = ['doctor', 'enrol', 'rehome'];
const WITH_ARGUMENTS = ['enrol', 'rehome'];

/** The process around an agent: settings, signals, exit codes. */
async function main(args: readonly string[]): Promise<number> {
  const [command, ...more] = args;
  if (command === '--version') {
    process.stdout.write(`${AGENT_VERSION}\n`);
    return 0;
  }
  if (
    (command !== undefined && !COMMANDS.includes(command)) ||
    (more.length > 0 && !WITH_ARGUMENTS.includes(command ?? '')) ||
    (command === 'rehome' && more.length !== 1)
  ) {
    process.stderr.write(USAGE);
    return 2;
  }
  const config = loadConfig(process.env);
  const machine = thisMachine(randomUUID);
  try {
    if (command === 'doctor') {
      const findings = await examine(config, machine);
      for (const { name, ok, detail } of findings)
        process.stdout.write(`${ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(13)} ${detail}\n`);
      return findings.every(({ ok }) => ok) ? 0 : 1;
    }
    if (command === 'enrol') return await enrolHere(more, config, machine);
    const log = processLog(config, machine);
    if (command === 'rehome') return await rehomeHere(more[0] ?? '', config, machine, log);
    const asked = new Promise<string>((resolve) => {
      for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve);
    });
    for (;;) {
      let onMoved: () => void = () => undefined;
      const moved = new Promise<undefined>((resolve) => {
        onMoved = () => resolve(undefined);
      });
      const agent = await assembleAgent(config, machine, log, onMoved);
      await agent.start();
      log.info('started', { version: AGENT_VERSION });
      const signal = await Promise.race([asked, moved]);
      log.info('stopping', { signal: signal ?? 'moved to another controller' });
      await agent.stop();
      if (signal !== undefined) return 0;
    }
  } finally {
    machine.close();
  }
}

async function rehomeHere(
  file: string,
  { dataFolder, provisioningFile }: AgentConfig,
  { clock }: Pick<Machine, 'clock'>,
  log: Log,
): Promise<number> {
  try {
    const enrolled = await readProvisioning(provisioningFile);
    process.stdout.write(`${await handOver({ file, dataFolder, enrolled, clock, log })}\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  }
}

async function enrolHere(
  args: readonly string[],
  config: AgentConfig,
  { clock }: Pick<Machine, 'clock'>,
): Promise<number> {
  const { ask, close } = askOnTerminal();
  try {
    process.stdout.write(`${await enrolCommand({ args, config, clock, ask })}\n`);
    return 0;
  } catch (error) {
    // Its own words are enough: the cause is in them.
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    return 1;
  } finally {
    close();
  }
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`loa-agent: ${errorText(error)}\n`);
  return error instanceof ConfigError ? 2 : 1;
});
