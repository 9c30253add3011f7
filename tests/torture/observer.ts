/**
 * The outside ear, a process of its own: listens on a Unix socket for each loudspeaker and writes down every byte of
 * sound that comes, with the instant of its arrival by its own clock. It knows nothing of orders, schedules or receipts.
 * Arguments: folder of the recordings, then speaker=socket for each. Says "listening" when it is.
 */
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { constants, setPriority } from 'node:os';
import { join } from 'node:path';

const [folder = '', ...pairs] = process.argv.slice(2);

// Where it may, it is not kept waiting by those whom it hears.
try {
  setPriority(constants.priority.PRIORITY_HIGH);
} catch {
  // Not allowed: arrivals are then a little late, which the judge bears.
}

let connections = 0;
for (const pair of pairs) {
  const [speaker = '', socket = ''] = pair.split('=');
  const ofSpeaker = join(folder, speaker);
  mkdirSync(ofSpeaker, { recursive: true });
  const server = createServer((connection) => {
    const base = join(ofSpeaker, `${Date.now()}-${connections++}`);
    const pcm = openSync(`${base}.s16`, 'a');
    const arrivals = openSync(`${base}.arrivals`, 'a');
    let bytes = 0;
    connection.on('data', (piece) => {
      writeSync(arrivals, `${Date.now()} ${bytes >> 1}\n`);
      writeSync(pcm, piece);
      bytes += piece.length;
    });
    connection.on('error', () => undefined);
    connection.on('close', () => {
      closeSync(pcm);
      closeSync(arrivals);
    });
  });
  server.listen(socket);
  await once(server, 'listening');
}
process.send?.('listening');
process.once('disconnect', () => process.exit(0));
