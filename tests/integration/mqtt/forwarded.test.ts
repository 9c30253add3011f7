import { once } from 'node:events';
import { createServer, IncomingMessage } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import { afterEach, beforeEach, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { clientAddress, trustedProxy } from '../../../server/http/client-address.ts';
import { CredentialTable } from '../../../server/mqtt/credential-table.ts';
import { attachWebSocket, EmbeddedBroker } from '../../../server/mqtt/index.ts';

const STRANGER = '203.0.113.9';
const OTHER = '198.51.100.7';

let broker: EmbeddedBroker;
beforeEach(async () => {
  broker = new EmbeddedBroker({
    credentials: new CredentialTable(),
    limits: { pendingPerAddress: 2 },
    onError: (error) => {
      throw error;
    },
  });
  await broker.start();
});
afterEach(() => broker.stop());

/** Opens connections with MQTT over WebSocket to a controller that trusts these proxies, one for each header. */
async function waiting(trusted: string, headers: readonly string[]): Promise<WebSocket[]> {
  const server = createServer();
  const trust = trustedProxy(trusted);
  const detach = attachWebSocket(server, '/mqtt', broker, {
    addressOf: (request) => clientAddress(request, trust),
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    detach();
    server.close();
  });
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}/mqtt`;
  const sockets: WebSocket[] = [];
  for (const header of headers) {
    const socket = new WebSocket(url, 'mqtt', { headers: { 'x-forwarded-for': header } });
    await once(socket, 'open');
    sockets.push(socket);
  }
  return sockets;
}

it('who waits behind a trusted proxy is counted by the address that it names', async () => {
  // What a client puts before it itself makes nobody another one.
  const sockets = await waiting('loopback', [STRANGER, STRANGER, `${OTHER}, ${STRANGER}`, OTHER, OTHER]);
  if (sockets[2]?.readyState !== WebSocket.CLOSED) await once(sockets[2] as WebSocket, 'close');
  expect(broker.metrics()).toMatchObject({
    unauthenticated: 4,
    refusedConnections: [['address_limit', 1]],
  });
});

it('nobody is believed where no proxy is trusted', async () => {
  const sockets = await waiting('', [STRANGER, OTHER, '192.0.2.1']);
  if (sockets[2]?.readyState !== WebSocket.CLOSED) await once(sockets[2] as WebSocket, 'close');
  expect(broker.metrics()).toMatchObject({
    unauthenticated: 2,
    refusedConnections: [['address_limit', 1]],
  });
});

it.each([
  ['loopback', '127.0.0.1', STRANGER, STRANGER],
  ['loopback', '127.0.0.1', `${OTHER}, ${STRANGER}`, STRANGER],
  ['loopback,10.0.0.0/24', '127.0.0.1', `${OTHER}, ${STRANGER}, 10.0.0.7`, STRANGER],
  ['loopback', '127.0.0.1', '', '127.0.0.1'],
  ['loopback', OTHER, STRANGER, OTHER],
  ['', '127.0.0.1', STRANGER, '127.0.0.1'],
])('with "%s" trusted, from %s, forwarded for "%s": %s', (trusted, from, header, expected) => {
  const socket = new Socket();
  Object.defineProperty(socket, 'remoteAddress', { value: from });
  const request = new IncomingMessage(socket);
  if (header !== '') request.headers['x-forwarded-for'] = header;
  expect(clientAddress(request, trustedProxy(trusted))).toBe(expected);
});
