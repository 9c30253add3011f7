import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DelayProxy, seededRandom } from '../../helpers/network-delay.ts';

let server: Server;
let proxy: DelayProxy;
const serverSide: Socket[] = [];

beforeEach(async () => {
  // Sends back what comes, and ends when the client ends.
  server = createServer((socket) => {
    serverSide.push(socket);
    socket.on('error', () => undefined);
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = new DelayProxy({
    target: { port: (server.address() as AddressInfo).port },
    maxDelayMs: 4,
    seed: 7,
  });
  await proxy.start();
});

afterEach(async () => {
  await proxy.stop();
  for (const socket of serverSide.splice(0)) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

async function open(): Promise<Socket> {
  const socket = connect(proxy.port, '127.0.0.1');
  socket.setNoDelay(true);
  await once(socket, 'connect');
  return socket;
}

it('keeps every byte and their order through delays that vary, and passes the end on', async () => {
  const socket = await open();
  const answer = text(socket);
  let sent = '';
  for (let i = 0; i < 50; i += 1) {
    sent += `${i},`;
    socket.write(`${i},`);
    await new Promise(setImmediate);
  }
  socket.end();
  expect(await answer).toBe(sent);
});

it('carries more than it holds at once', async () => {
  const socket = await open();
  const answer = text(socket);
  const sent = 'x'.repeat(5_000_000);
  socket.end(sent);
  expect((await answer).length).toBe(sent.length);
});

it('holds bytes back while stalled, and lets them out in order', async () => {
  const socket = await open();
  socket.write('a');
  expect(String((await once(socket, 'data'))[0])).toBe('a');
  proxy.stall();
  let heard = '';
  socket.on('data', (chunk) => {
    heard += String(chunk);
  });
  socket.write('b');
  const other = await open();
  const otherAnswer = once(other, 'data');
  other.write('c');
  // A whole exchange beside the proxy: had it let anything out, it would have come by now.
  const direct = connect((server.address() as AddressInfo).port, '127.0.0.1');
  direct.end('d');
  expect(await text(direct)).toBe('d');
  expect(heard).toBe('');
  const arrived = once(socket, 'data');
  proxy.restore();
  await arrived;
  expect(heard).toBe('b');
  expect(String((await otherAnswer)[0])).toBe('c');
  other.destroy();
  socket.destroy();
});

it('resets connections when cut, and refuses new ones until restored', async () => {
  const socket = await open();
  socket.write('a');
  await once(socket, 'data');
  const broken = once(socket, 'error');
  proxy.cut({ refuse: true });
  expect(((await broken)[0] as NodeJS.ErrnoException).code).toBe('ECONNRESET');
  const refused = connect(proxy.port, '127.0.0.1');
  expect(((await once(refused, 'error'))[0] as NodeJS.ErrnoException).code).toBe('ECONNRESET');
  proxy.restore();
  const again = await open();
  again.write('b');
  expect(String((await once(again, 'data'))[0])).toBe('b');
  again.destroy();
});

it('draws the same delays for the same seed', () => {
  const draw = (seed: number) => Array.from({ length: 5 }, seededRandom(seed));
  expect(draw(3)).toEqual(draw(3));
  expect(draw(3)).not.toEqual(draw(4));
  expect(draw(3).every((value) => value >= 0 && value < 1)).toBe(true);
});
