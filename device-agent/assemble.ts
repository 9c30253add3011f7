import { mkdir, readFile, stat } from 'node:fs/promises';
import { type Provisioning, provisioningCodec } from '#protocols';
import { Agent } from './agent.ts';
import {
  BootClock,
  BootTime,
  CommandClockSetter,
  LinuxUptime,
  runCommand,
  SystemReferenceClock,
} from './clock/index.ts';
import type { AgentConfig } from './config.ts';
import { readHome } from './home/home-file.ts';
import { jsonLog, type Log } from './log.ts';
import { createOutput, type Output, type OutputChoice } from './outputs/index.ts';
import { FfmpegDecoder } from './playback/index.ts';
import { systemCode } from './state/files.ts';

/** What this machine gives an agent. */
export interface Machine {
  readonly clock: BootClock;
  readonly bootId: string;
  readonly close: () => void;
}

/** The machine's clocks. `newId` names the boot where the system does not. */
export function thisMachine(newId: () => string): Machine {
  const uptime = new LinuxUptime({ noBootId: newId });
  return {
    clock: new BootClock(new BootTime(uptime)),
    bootId: uptime.bootId,
    close: () => uptime.close(),
  };
}

/** Reads the provisioning file that `enrol` wrote. Throws with one line that says what is wrong with it. */
export async function readProvisioning(path: string): Promise<Provisioning> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT')
      throw new Error(
        `chưa đăng ký (not enrolled): không có tệp "${path}". Chạy: node loa-agent.mjs enrol (cần phiếu đăng ký), hoặc đặt LOA_AGENT_PROVISIONING`,
      );
    throw new Error(`the provisioning file "${path}" cannot be read: run "enrol" again with a new code`, {
      cause,
    });
  }
  return provisioningCodec.parse(bytes);
}

/** Whether others than its owner can read the provisioning file. */
export async function isOpenToOthers(path: string): Promise<boolean> {
  return ((await stat(path)).mode & 0o077) !== 0;
}

/** The output that the settings name. */
export function outputOf(config: AgentConfig, machine: Machine): Output {
  return createOutput(outputChoice(config), machine.clock);
}

/** An agent for this machine, ready to be started. `onMoved`: it is to be stopped, and another assembled. */
export async function assembleAgent(
  config: AgentConfig,
  machine: Machine,
  log: Log,
  onMoved: () => void,
): Promise<Agent> {
  const provisioning = await readProvisioning(config.provisioningFile);
  await mkdir(config.dataFolder, { recursive: true, mode: 0o700 });
  const { clock } = machine;
  const { tls } = config;
  return new Agent({
    dataFolder: config.dataFolder,
    provisioning,
    home: { inForce: await readHome(config.dataFolder, provisioning), onMoved },
    ...(tls === null
      ? {}
      : {
          clientCertificate: {
            key: await readFile(tls.keyFile, 'utf8'),
            cert: await readFile(tls.certFile, 'utf8'),
          },
        }),
    clock,
    bootId: machine.bootId,
    output: outputOf(config, machine),
    decoder: new FfmpegDecoder({ clock, program: config.ffmpeg }),
    reference: new SystemReferenceClock({ clock, run: runCommand }),
    systemClock: new CommandClockSetter({ mode: config.setClock, clock, run: runCommand }),
    log: log.with({ speaker: provisioning.speakerId }),
    cacheBytes: config.cacheBytes,
    dataBudgetBytes: config.dataBudgetBytes,
  });
}

/** The log of a process: lines on standard error. */
export function processLog(config: Pick<AgentConfig, 'logLevel'>, machine: Machine): Log {
  return jsonLog(
    config.logLevel,
    (line) => void process.stderr.write(line),
    () => machine.clock.now(),
  );
}

function outputChoice({ output, outputDevice }: AgentConfig): OutputChoice {
  switch (output) {
    case 'alsa':
      return { kind: 'alsa', device: outputDevice };
    case 'pulse':
      return outputDevice === 'default' ? { kind: 'pulse' } : { kind: 'pulse', sink: outputDevice };
    case 'file':
      return { kind: 'file', path: outputDevice };
    case 'null':
      return { kind: 'null' };
    default: {
      const never: never = output;
      return never;
    }
  }
}
