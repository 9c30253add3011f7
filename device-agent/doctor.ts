import { mkdir, statfs } from 'node:fs/promises';
import { isOpenToOthers, type Machine, outputOf, readProvisioning } from './assemble.ts';
import { runCommand, SystemReferenceClock } from './clock/index.ts';
import type { AgentConfig } from './config.ts';
import { readHome } from './home/home-file.ts';
import { errorText } from './log.ts';

/** One thing that was looked at. */
export interface Finding {
  readonly name: string;
  readonly ok: boolean;
  /** What was found; when it is not well, also what to do. */
  readonly detail: string;
}

/** Less than this is too little for a day of announcements. */
const ENOUGH_DISK_BYTES = 200 * 1024 * 1024;

/** Looks at everything that a loudspeaker needs, without connecting anywhere. Never throws. */
export async function examine(config: AgentConfig, machine: Machine): Promise<Finding[]> {
  return Promise.all([
    finding('provisioning', async () => {
      const enrolled = await readProvisioning(config.provisioningFile);
      const { provisioning, name } = await readHome(config.dataFolder, enrolled);
      const { speakerId, url } = provisioning;
      const open = await isOpenToOthers(config.provisioningFile);
      if (open) throw new Error(`others can read it: chmod 600 ${config.provisioningFile}`);
      return `${speakerId} at ${url}${name === undefined ? '' : `, moved from ${enrolled.url}`}`;
    }),
    finding('decoder', async () => {
      const { ok, output } = await runCommand(config.ffmpeg, ['-hide_banner', '-version']);
      if (!ok) throw new Error(`"${config.ffmpeg}" does not run: install ffmpeg or set LOA_AGENT_FFMPEG`);
      return output.split('\n')[0]?.slice(0, 60) ?? '';
    }),
    finding('output', async () => {
      const { ok, device, detail } = await outputOf(config, machine).probe();
      if (!ok) throw new Error(detail);
      return `${config.output} ${device}`;
    }),
    finding('clock', async () => {
      const reading = await new SystemReferenceClock({ clock: machine.clock, run: runCommand }).read();
      if (reading === undefined)
        throw new Error(
          'neither NTP nor an RTC: after a power cut without network nothing planned is played',
        );
      return `${reading.kind}, ${new Date(machine.clock.now()).toISOString()}`;
    }),
    finding('disk', async () => {
      await mkdir(config.dataFolder, { recursive: true, mode: 0o700 });
      const { bavail, bsize } = await statfs(config.dataFolder);
      const free = bavail * bsize;
      const text = `${Math.floor(free / 1024 / 1024)} MB free at ${config.dataFolder}`;
      if (free < ENOUGH_DISK_BYTES) throw new Error(`${text}: make room`);
      return text;
    }),
  ]);
}

async function finding(name: string, look: () => Promise<string>): Promise<Finding> {
  try {
    return { name, ok: true, detail: await look() };
  } catch (error) {
    return { name, ok: false, detail: errorText(error) };
  }
}
