import { onTestFinished } from 'vitest';
import { SystemClock } from '#kit';
import type { Provisioning } from '#protocols';
import { Agent, type AgentOptions } from '../../../device-agent/agent.ts';
import { jsonLog, silentLog } from '../../../device-agent/log.ts';
import { NullOutput } from '../../../device-agent/outputs/index.ts';
import { SilentDecoder } from '../../../device-agent/playback/index.ts';

/** LOA_TEST_LOG=1 shows what the agents say. */
const testLog =
  process.env['LOA_TEST_LOG'] === '1'
    ? jsonLog('debug', (line) => void process.stderr.write(line), Date.now)
    : silentLog;

/** An agent in this process: real disk and network, silence into a timed null output. Stopped with the test. */
export function testAgent(
  dataFolder: string,
  provisioning: Provisioning,
  change: Partial<AgentOptions> = {},
): Agent {
  const clock = new SystemClock();
  const agent = new Agent({
    dataFolder,
    provisioning,
    clock,
    bootId: 'test-boot',
    output: new NullOutput({ clock }),
    decoder: new SilentDecoder(),
    reference: { read: async () => undefined },
    systemClock: { set: async () => ({ outcome: 'off' }) },
    log: testLog,
    cacheBytes: 64 * 1024 * 1024,
    cacheRetry: { baseMs: 20, maxMs: 50 },
    segmentBytes: 32 * 1024,
    ...change,
  });
  onTestFinished(() => agent.stop());
  return agent;
}
