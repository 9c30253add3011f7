import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** A mail as it came. */
export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and body, lines ended by "\n". */
  readonly data: string;
}

/** A mail server (RFC 5321, as much as a client needs) that keeps what it is sent. */
export class SmtpServer {
  readonly mails: ReceivedMail[] = [];
  readonly #server: Server = createServer((socket) => this.#serve(socket));
  readonly #sockets = new Set<Socket>();

  /** On a port of its own, or on a given one. */
  async start(port = 0): Promise<number> {
    this.#server.listen(port, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (this.#server.listening) await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    let [from, to, text]: [string, string[], string] = ['', [], ''];
    let inData = false;
    const say = (line: string) => socket.write(`${line}\r\n`);
    say('220 test');
    socket.on('data', (bytes) => {
      text += bytes.toString('utf8');
      for (;;) {
        const end = inData ? '\r\n.\r\n' : '\r\n';
        const at = text.indexOf(end);
        if (at < 0) return;
        const line = text.slice(0, at);
        text = text.slice(at + end.length);
        const address = /<([^>]*)>/.exec(line)?.[1] ?? '';
        if (inData) {
          inData = false;
          this.mails.push({ from, to, data: line.replaceAll('\r\n', '\n').replaceAll('\n..', '\n.') });
          say('250 kept');
        } else if (/^(EHLO|HELO) /i.test(line)) say('250 test');
        else if (/^MAIL /i.test(line)) {
          [from, to] = [address, []];
          say('250 ok');
        } else if (/^RCPT /i.test(line)) {
          to.push(address);
          say('250 ok');
        } else if (/^DATA/i.test(line)) {
          inData = true;
          say('354 go on');
        } else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n');
        else say('502 no');
      }
    });
  }
}
